// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder of its own for the test, and a cache in it. */
export async function ownCache(context: TestContext): Promise<{ dir: string; cache: string }> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  const cache = join(dir, 'cache');
  const before = process.env['BUSYGUEST_CACHE'];
  process.env['BUSYGUEST_CACHE'] = cache;
  context.after(async () => {
    if (before === undefined) delete process.env['BUSYGUEST_CACHE'];
    else process.env['BUSYGUEST_CACHE'] = before;
    await rm(dir, { recursive: true, force: true });
  });
  return { dir, cache };
}

/** Lets files that were just written be a minute old. */
export function aMinuteLater(context: TestContext): void {
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() + 60_000 });
}

/** Gives the files that have been read as streams since the last call. */
export function streamsRead(context: TestContext): () => string[] {
  const { mock } = context.mock.method(fs, 'createReadStream');
  syncBuiltinESMExports();
  context.after(() => {
    mock.restore();
    syncBuiltinESMExports();
  });
  return () => {
    const paths = mock.calls.map(({ arguments: [path] }) => String(path));
    mock.resetCalls();
    return paths;
  };
}
