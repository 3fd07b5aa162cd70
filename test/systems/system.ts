// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianMirror } from '../../src/system/debian-mirror.js';
import { cacheDir, digest, projectDir } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';
import { must } from '../install/npm-package.js';
import { aptOptions, madeOnce, namespaces } from '../lava/lab-root.js';

/** A script of this folder: not compiled, so beside the source. */
export const scriptOf = (name: string): string => join(projectDir, 'test', 'systems', name);

/** Programs in the way of the system's own, such as pyenv's, would make apt ten times as slow. */
const env = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

/** The folder of a Debian with apt and what every Debian must have; made when the cache has none of this suite. */
async function cleanSystem(
  suite: string,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<string> {
  const mirror = await debianMirror(signal);
  const root = cacheDir('test', `debian-${suite}-${digest(mirror).slice(0, 16)}`);
  await madeOnce(root, signal, say, async (dir) => {
    const options = (await aptOptions(signal)).map((line) => `--aptopt=${line}`);
    const kind = ['--quiet', '--variant=minbase', '--mode=root', '--dpkgopt=force-unsafe-io'];
    const argv = [...kind, ...options, suite, dir, `deb ${mirror} ${suite} main`];
    await run(['env', `PATH=${env.PATH}`, 'mmdebstrap', ...argv], { stage: 'lab', signal });
  });
  return root;
}

/**
 * Runs a script of this folder as root of a clean Debian, which forgets all of it. What it prints goes to `say`.
 * @param shared the folder that is /shared there; it gets `steps.sh` and the script
 * @param cgroup a folder to be made in the tree of cgroup2: the script is PID 1, and may become systemd
 */
export async function inCleanSystem(
  suite: string,
  shared: string,
  [script = '', ...args]: readonly string[],
  signal: AbortSignal,
  say: (text: string) => void,
  cgroup?: string,
): Promise<void> {
  const root = await cleanSystem(suite, signal, say);
  // Packages are fetched once for all tests; each suite has its own.
  const archives = cacheDir('test', `archives-${suite}`);
  await mkdir(archives, { recursive: true });
  await mkdir(join(shared, 'archives'), { recursive: true });
  await must(['cp', scriptOf('steps.sh'), scriptOf(script), shared], { cwd: shared });
  const lines = await aptOptions(signal);
  await writeFile(join(shared, 'apt.conf'), lines.map((line) => `${line}\n`).join(''));
  const enter = ['bash', scriptOf('enter.sh'), root, shared, archives];
  await run([...namespaces, ...enter, 'bash', `/shared/${script}`, ...args], {
    stage: 'lab',
    signal,
    onLine: say,
    env: { ...env, ...(cgroup !== undefined && { CGROUP: cgroup }) },
  });
}
