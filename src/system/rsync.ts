// SPDX-License-Identifier: MIT
import { run } from './processes.js';

/** Whether a target is another computer's: `HOST:DIR` or `USER@HOST:DIR`, as rsync reads it. */
export const isRemote = (target: string): boolean => /^[^/]+:/.test(target);

/**
 * Copies by rsync over ssh into a folder of another computer; files get the rights that a web server needs. Gives what it
 * printed. Throws InfraError.
 * @param flags of rsync, besides
 * @param cwd what `sources` are relative to
 */
export async function copyByRsync(
  sources: readonly string[],
  remote: string,
  flags: readonly string[],
  signal: AbortSignal,
  cwd?: string,
): Promise<string> {
  const folder = remote.endsWith('/') ? remote : `${remote}/`;
  const argv = ['rsync', '--recursive', '--chmod=F644,D755', ...flags, '--', ...sources, folder];
  const { stdout } = await run(argv, {
    stage: 'publish',
    signal,
    passes: 'network',
    todo: 'the folder must exist, and ssh must get there without a password',
    ...(cwd !== undefined && { cwd }),
  });
  return stdout;
}
