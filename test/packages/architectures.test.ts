// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { architectures, usualArchitecture } from '../../src/architectures/architectures.js';
import { deviceNamed } from '../../src/devices/registry.js';
import type { RunResult } from '../../src/model/result.js';
import { busyguest, latest, project } from '../integration/cli.js';

const file = join(project, 'jobs/everywhere.yaml');
const others = architectures.filter((one) => one !== usualArchitecture);

/** Runs the matrix, or a part of it. */
async function run(results: string, ...more: readonly string[]): Promise<RunResult> {
  const { stderr } = await busyguest('run', file, '--results', results, '--fresh', ...more);
  process.stdout.write(stderr);
  return latest(results);
}

// Debian's kernels before and after v6.18, as its archive has them today.
describe('what the report says of other architectures', () => {
  let results = '';
  let first: RunResult | undefined;

  before(async () => {
    for (const { name, machines } of others) {
      const [machine] = machines;
      const missing = (await deviceNamed(machine?.name ?? '')?.missing()) ?? [];
      if (missing.length > 0) await busyguest('devices', '--fetch-qemu', '--quiet', '--arch', name);
    }
    results = await mkdtemp(join(tmpdir(), 'busyguest-everywhere-'));
    first = await run(results);
  });

  test('every kernel does what the matrix expects', (context) => {
    const jobs = first?.jobs ?? [];
    const gone = jobs.filter(({ reason }) => /its archive does not have the file/.test(reason));
    for (const { name, reason } of gone) context.diagnostic(`${name}: ${reason}`);
    const asked = jobs.filter((job) => !gone.includes(job));
    assert.deepEqual(
      asked.filter(({ asExpected }) => !asExpected).map(({ name, reason }) => `${name}: ${reason}`),
      [],
    );
    // As many machines as there are, each with one kernel at least.
    const machines = new Set(asked.map(({ device }) => device));
    for (const { everyPath } of others)
      for (const device of everyPath) assert.ok(machines.has(device), device);
  });

  test('two runs print the same bytes', async () => {
    const again = await run(results, '--filter', 'kernel=~^(?:x86|arm64|riscv)-after$');
    assert.ok(again.jobs.length >= 9, String(again.jobs.length));
    for (const { name } of again.jobs) {
      const [before, after] = await Promise.all(
        [first?.run ?? '', again.run].map((one) =>
          readFile(join(results, one, name, 'console.log')),
        ),
      );
      assert.ok(before?.equals(after ?? Buffer.alloc(0)), name);
    }
  });
});
