// SPDX-License-Identifier: MIT
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { findProgramToolchain } from '../../src/kernels/toolchain.js';
import { cacheDir } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';
import { busyguest, latest, project } from '../integration/cli.js';
import type { HostSystem } from './host-system.js';

/** Where the disk is mounted on the host. */
export const there = '/opt/busyguest';

/**
 * A disk with busyguest as it is installed, the test's programs, compiled here, two kernels of ours and the right one of
 * Debian's as a package: nothing is fetched or compiled there. The path of an ext4 file system in `dir`.
 */
export async function busyguestDisk(dir: string, { right }: HostSystem): Promise<string> {
  const root = join(dir, 'disk');
  await mkdir(join(root, 'kernels'), { recursive: true });
  for (const [name, path] of Object.entries(await ourKernels(dir)))
    await cp(path, join(root, 'kernels', name));
  await cp(right.package, join(root, 'kernels', 'right.deb'));
  for (const path of await packedFiles())
    await cp(join(project, path), join(root, 'busyguest', path));
  for (const path of await dependencies())
    await cp(path, join(root, 'busyguest', relative(project, path)), { recursive: true });
  await cp(cacheDir('programs'), join(root, 'cache', 'programs'), { recursive: true });
  await writeCompiler(join(root, 'bin'));
  const disk = join(dir, 'busyguest.ext4');
  await run(['mke2fs', '-q', '-t', 'ext4', '-d', root, disk, '1G'], { stage: 'test' });
  await rm(root, { recursive: true });
  return disk;
}

/** The unpatched and the patched kernel by their names there, built if need be. */
async function ourKernels(dir: string): Promise<Record<string, string>> {
  const results = join(dir, 'kernels');
  const smoke = join(project, 'jobs/smoke.yaml');
  await busyguest('run', smoke, '--filter', 'device=qemu-pseries-p9', '--results', results);
  const { jobs } = await latest(results);
  const paths = jobs.map(async ({ name, kernel }): Promise<[string, string]> => {
    const boot = await readFile(join(results, 'latest', name, 'boot.json'), 'utf8');
    return [`vmlinux-${kernel}`, (JSON.parse(boot) as { kernel: string }).kernel];
  });
  return Object.fromEntries(await Promise.all(paths));
}

/** The files of the npm package. */
async function packedFiles(): Promise<string[]> {
  const argv = ['npm', 'pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await run(argv, { stage: 'test', cwd: project });
  const [packed] = JSON.parse(stdout) as { files: { path: string }[] }[];
  return (packed?.files ?? []).map(({ path }) => path);
}

/** Folders of the modules that busyguest needs where it is installed; none of them is compiled for one machine. */
async function dependencies(): Promise<string[]> {
  const argv = ['npm', 'ls', '--omit=dev', '--all', '--parseable'];
  const { stdout } = await run(argv, { stage: 'test', cwd: project, okCodes: [0, 1] });
  return stdout.split('\n').filter((path) => path.startsWith(`${project}node_modules/`));
}

/** busyguest knows compiled programs by the compiler that made them; that one is here, and only tells its version there. */
async function writeCompiler(dir: string): Promise<void> {
  const { crossCompile, versions } = await findProgramToolchain();
  const names = ['gcc', 'ld'].map((name) => join(dir, `${crossCompile}${name}`));
  await mkdir(dirname(names[0] ?? ''), { recursive: true });
  for (const [index, name] of names.entries())
    await writeFile(name, `#!/bin/sh\necho "${versions[index]}"\n`, { mode: 0o755 });
}
