// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { projectDir } from '../../src/system/files.js';

/** The payload's sources. */
export const payloadDir = join(projectDir, 'guest-images', 'busy-guest');
const fixtures = join(projectDir, 'test', 'fixtures', 'payload');

/**
 * Compiles test/fixtures/payload/NAME.c, and groups and an architecture that are made up, with `sources` of the payload,
 * under sanitizers; gives the program's path. It is gone after the tests. `wrapped` functions are the fixture's.
 */
export function payloadOnHost(
  name: string,
  sources: readonly string[],
  wrapped: readonly string[],
): string {
  const dir = mkdtempSync(join(tmpdir(), `busyguest-${name}-`));
  after(() => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, name);
  execFileSync('gcc', [
    ...['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-g', '-pthread'],
    ...['-fsanitize=address,undefined', '-fno-sanitize-recover=all', `-I${payloadDir}`],
    ...['-o', program, ...[name, 'fake-group', 'fake-arch'].map((c) => join(fixtures, `${c}.c`))],
    ...wrapped.map((one) => `-Wl,--wrap=${one}`),
    ...sources.map((file) => join(payloadDir, file)),
  ]);
  return program;
}
