// SPDX-License-Identifier: MIT
import { mkdtempSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { debianMirror } from '../../src/system/debian-mirror.js';
import { use } from '../../src/system/cache.js';
import {
  cacheDir,
  digest,
  makeFolderWhole,
  projectDir,
  writeWhole,
} from '../../src/system/files.js';
import { withLock } from '../../src/system/lock.js';
import { firstLine, run } from '../../src/system/processes.js';
import { quoteWords } from '../../src/system/shell-words.js';

/** The token of the lab's only user. */
export const labToken = 'lab-only-3f9c1e77a0d24b58';

/** Debian's suite that the LAVA server is of: bookworm has 2023.01, sid the newest. */
export const suite = process.env['BUSYGUEST_LAVA_SUITE'] || 'bookworm';

/** A definition in the form of that server: the older one wants what a comment of ours says, the newer one refuses it. */
export const forSuite = (definition: string): string =>
  suite === 'bookworm'
    ? definition.replace('method: ssh', 'method: ssh\n      connection: ssh')
    : definition;

/** Starts a program as init of namespaces of its own: what it starts and mounts ends with it. */
export const namespaces = [
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--propagation', 'private'],
];

/** A script of this folder: not compiled, so beside the source. */
export const scriptOf = (name: string): string => join(projectDir, 'test', 'lava', name);

/** Why no LAVA server can be had on this machine, or undefined where it can. */
export async function whyNoLab(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'a LAVA server in a chroot needs root';
  if ((await firstLine(['mmdebstrap', '--version'])) === undefined)
    return 'mmdebstrap is missing (busyguest doctor --for test)';
  const mounts = [
    'mount -t tmpfs t /mnt && mkdir /mnt/u /mnt/w /mnt/m',
    'mount -t overlay -o lowerdir=/usr,upperdir=/mnt/u,workdir=/mnt/w o /mnt/m && echo may',
  ];
  const may = await firstLine([...namespaces, 'sh', '-c', mounts.join(' && ')]);
  return may === 'may' ? undefined : 'this system lets nobody mount (a container without rights?)';
}

/** What a root is made by, and where in the cache it is. */
interface RootPlan {
  readonly root: string;
  readonly script: string;
  readonly mirror: string;
  /** apt's options. */
  readonly acquire: readonly string[];
}

async function planRoot(signal: AbortSignal): Promise<RootPlan> {
  const script = scriptOf('make-root.sh');
  const mirror = await debianMirror(signal);
  const acquire = await aptOptions(signal);
  const key = digest(await readFile(script, 'utf8'), mirror, acquire.join('\n')).slice(0, 16);
  return { root: cacheDir('test', `lava-lab-${suite}-${key}`), script, mirror, acquire };
}

/** How apt of this machine reaches its archive: proxies, expired snapshots; lines of its configuration. */
export async function aptOptions(signal: AbortSignal): Promise<readonly string[]> {
  const { stdout: dump } = await run(
    ['apt-config', 'dump', '--no-empty', '--format', '%f "%v";%n'],
    {
      stage: 'lab',
      signal,
    },
  );
  return dump
    .split('\n')
    .filter((line) => /^Acquire::(?!IndexTargets|Changelogs|cdrom)/.test(line));
}

/** The folder of a Debian with LAVA in it that an earlier test made; undefined where there is none. */
export async function labRootThere(signal: AbortSignal): Promise<string | undefined> {
  const { root } = await planRoot(signal);
  return (await use(root)) ? root : undefined;
}

/**
 * Where busyguest finds the lava-run of such a root, on a machine that has none: a program in `dir`, which knows its root
 * by itself, for busyguest passes no environment on.
 * @param folders what lava-run is to see as here
 */
export function lavaRunOf(
  root: string,
  folders: readonly string[],
  dir: string,
): Record<string, string> {
  const programs = mkdtempSync(join(dir, 'programs-'));
  const words = ['bash', scriptOf('lava-run-in-root.sh'), root, folders.join(':')];
  const program = join(programs, 'lava-run');
  writeFileSync(program, `#!/bin/sh\nexec ${quoteWords(words)} "$@"\n`, { mode: 0o755 });
  return { PATH: `${programs}:${process.env['PATH'] ?? ''}` };
}

/** The folder of a Debian with LAVA in it, made when there is none of these inputs. */
export async function labRoot(signal: AbortSignal, say: (text: string) => void): Promise<string> {
  const { root, script, mirror, acquire } = await planRoot(signal);
  await madeOnce(root, signal, say, async (dir) => {
    const options = `${root}.apt.conf`;
    await writeWhole(options, acquire.map((line) => `${line}\n`).join(''));
    try {
      const argv = [...namespaces, 'bash', script, dir, mirror, options, labToken, suite];
      await run(argv, { stage: 'lab', signal, onLine: say });
    } finally {
      await rm(options);
    }
  });
  return root;
}

/** Makes a folder of the cache where it is not there yet, by one process at a time. */
export async function madeOnce(
  root: string,
  signal: AbortSignal,
  say: (text: string) => void,
  make: (dir: string) => Promise<void>,
): Promise<void> {
  const waiting = (): void => say('another process makes it');
  await withLock(`${root}.lock`, signal, waiting, async () => {
    if (!(await use(root))) await makeFolderWhole(root, make);
  });
}
