// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** For tests that mount. */
export const rootOnly = {
  skip: process.getuid?.() === 0 ? false : 'only root can mount a file system',
};

/** A small or read-only file system that goes away with the test; undefined where mounting is not allowed. */
export async function mounted(context: TestContext, options: string): Promise<string | undefined> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-mount-'));
  // As every cache: others may not write to it.
  const all = `mode=0755,${options}`;
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', all, 'tmpfs', dir]).status !== 0) {
    await rmdir(dir);
    context.skip('mount is not allowed here');
    return undefined;
  }
  context.after(async () => {
    spawnSync('umount', [dir]);
    await rmdir(dir);
  });
  return dir;
}
