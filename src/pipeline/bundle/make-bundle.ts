// SPDX-License-Identifier: MIT
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Boot } from '../../devices/device.js';
import { UsageError } from '../../model/errors.js';
import type { JobResult } from '../../model/result.js';
import { digestFile, exists, readIfThere, withTemporary, writeWhole } from '../../system/files.js';
import { run } from '../../system/processes.js';
import { splitWords } from '../../system/shell-words.js';
import {
  checkedFiles,
  manifestFile,
  parseManifest,
  readableFiles,
  type Manifest,
} from './manifest.js';
import { reproduceScript } from './reproduce-script.js';

/** The parts of a job's job.json that a bundle takes over. */
interface JobRecord {
  readonly timeouts: Manifest['job']['timeouts'];
  readonly test: { readonly parameters: Manifest['job']['parameters'] };
  readonly knownFaults: readonly { readonly title: string }[];
}

/**
 * Writes the bundle of a job that was booted by QEMU: `results/<run>/<job>` with its kernel and image to `file`,
 * as .tar.zst. Throws UsageError where there is no such job or what it booted is gone, InfraError.
 */
export async function makeBundle(jobDir: string, file: string, signal: AbortSignal): Promise<void> {
  const dir = await realpath(jobDir).catch(() => jobDir);
  const result = await resultIn(dir, jobDir);
  const boot = JSON.parse(await needed(join(dir, 'boot.json'), notBooted(result))) as Boot;
  const job = JSON.parse(await needed(join(dir, 'job.json'), notBooted(result))) as JobRecord;
  const words = splitWords(result.facts['qemu_argv'] ?? '');
  if (words.length === 0) throw new UsageError(`${jobDir}: no QEMU booted it; nothing to bundle`);
  for (const path of [boot.kernel, boot.initramfs]) {
    if (await exists(path)) continue;
    throw new UsageError(`${path} is gone from the cache; run the job again, then bundle it`);
  }
  await withTemporary(file, async (staging) => {
    const folder = join(staging, result.name);
    await copyFiles(dir, folder, boot);
    const args = words.slice(Math.max(0, words.indexOf('-M')));
    const moved = new Map([
      [boot.kernel, 'kernel'],
      [boot.initramfs, 'initramfs.cpio'],
    ]);
    const ownArgs = args.map((arg) => moved.get(arg) ?? arg);
    const manifest = await describe(dir, folder, result, job, boot, ownArgs.join(' '));
    await writeWhole(join(folder, 'reproduce.sh'), reproduceScript(manifest, ownArgs));
    await chmod(join(folder, 'reproduce.sh'), 0o755);
    // What would be refused is not written either.
    const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
    parseManifest(result.name, text);
    await writeWhole(join(folder, manifestFile), text);
    const packed = join(staging, 'bundle');
    await pack(staging, result.name, packed, signal);
    await rename(packed, file);
  });
}

async function resultIn(dir: string, named: string): Promise<JobResult> {
  const text = await readIfThere(join(dir, 'status.json')).catch(() => undefined);
  if (text !== undefined) return JSON.parse(text) as JobResult;
  const jobs = await jobsOf(dir);
  const which = jobs.length > 0 ? `; its jobs: ${jobs.join(', ')}` : '';
  throw new UsageError(`${named}: no job of a run; results/<run>/<job> is needed${which}`);
}

async function jobsOf(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  const known = await Promise.all(names.map((name) => exists(join(dir, name, 'status.json'))));
  return names.filter((_, index) => known[index]);
}

const notBooted = ({ name, status, reason }: JobResult): string =>
  `${name}: nothing to bundle: it was not booted, or by an older busyguest (${status}: ${reason})`;

async function needed(path: string, otherwise: string): Promise<string> {
  const text = await readIfThere(path);
  if (text === undefined) throw new UsageError(otherwise);
  return text;
}

async function copyFiles(dir: string, folder: string, boot: Boot): Promise<void> {
  await mkdir(folder);
  const results = [...readableFiles, 'console.log', 'status.json'] as const;
  for (const name of results) {
    if (await exists(join(dir, name))) await copyFile(join(dir, name), join(folder, name));
  }
  await copyFile(boot.kernel, join(folder, 'kernel'));
  await copyFile(boot.initramfs, join(folder, 'initramfs.cpio'));
}

async function describe(
  dir: string,
  folder: string,
  result: JobResult,
  job: JobRecord,
  { commandLine, payloadArgs, cpus }: Boot,
  args: string,
): Promise<Manifest> {
  const files = await Promise.all(
    checkedFiles.map(async (name) => {
      const path = join(folder, name);
      return [name, { bytes: (await stat(path)).size, sha256: await digestFile(path) }] as const;
    }),
  );
  const known = job.knownFaults.map(({ title }) => new RegExp(title));
  const { name, kernel, device, test, expect, facts } = result;
  const run = await readFile(join(dirname(dir), 'run.json'), 'utf8').catch(() => '{}');
  const { startedAt = '' } = JSON.parse(run) as { startedAt?: string };
  return {
    schema: 1,
    run: basename(dirname(dir)),
    startedAt,
    job: {
      name,
      kernel,
      device,
      test,
      expect,
      parameters: job.test.parameters,
      timeouts: job.timeouts,
      knownFaults: result.faults
        .map(({ title }) => title)
        .filter((title) => known.some((one) => one.test(title))),
    },
    boot: { commandLine: [...commandLine], payloadArgs: [...payloadArgs], cpus },
    recorded: {
      device: facts['device_used'] ?? device,
      qemu: facts['qemu'] ?? '',
      args,
      repeats: facts['repeats'] === 'bytes' ? 'bytes' : 'statuses',
    },
    files: Object.fromEntries(files) as Manifest['files'],
  };
}

// The same job gives the same bundle: no times, no users.
async function pack(
  staging: string,
  name: string,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const same = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner'];
  const argv = ['tar', '--create', '--format=ustar', ...same, '--mode=u+rw,go=rX'];
  await run([...argv, '--use-compress-program=zstd -q -10', '-f', file, '-C', staging, name], {
    stage: 'bundle',
    signal,
    todo: 'tar and zstd are needed: busyguest doctor',
  });
}
