// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readdir, realpath, rename, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { qemuArgv } from '../../devices/qemu/argv.js';
import { stillClockLines } from '../../devices/qemu/still-clock.js';
import { linearPattern } from '../../documents/pattern.js';
import { emulatedMachine } from '../../architectures/architectures.js';
import { machineOf } from '../../devices/registry.js';
import { readJobFile } from '../../history/run-file.js';
import { JobError, UsageError } from '../../model/errors.js';
import type { DeviceSpec } from '../../model/job.js';
import type { JobResult } from '../../model/result.js';
import { cacheDir, digestFile, exists, withTemporary, writeWhole } from '../../system/files.js';
import { openInput } from '../../system/input.js';
import { run } from '../../system/processes.js';
import { splitWords } from '../../system/shell-words.js';
import {
  bootFrom,
  readBootFile,
  readJobRecord,
  type BootRecord,
  type JobRecord,
} from '../job-records.js';
import { readRecord } from '../run-record.js';
import {
  checkedFiles,
  manifestFile,
  parseManifest,
  readableFiles,
  type Manifest,
} from './manifest.js';
import { reproduceScript } from './reproduce-script.js';

/**
 * Writes the bundle of a job that was booted by QEMU: `results/<run>/<job>` with its kernel and image to `file`,
 * as .tar.zst. Throws UsageError where there is no such job or what it booted is gone, InfraError.
 */
export async function makeBundle(jobDir: string, file: string, signal: AbortSignal): Promise<void> {
  const dir = await realpath(jobDir).catch(() => jobDir);
  const result = await resultIn(dir, jobDir);
  const boot = needed(await readBootFile(join(dir, 'boot.json')), notBooted(result));
  const job = needed(await readJobRecord(join(dir, 'job.json')), notBooted(result));
  const args = argsOf(jobDir, result, job, boot);
  await withTemporary(file, async (staging) => {
    const folder = join(staging, result.name);
    await copyFiles(dir, folder, boot);
    const manifest = await describe(dir, folder, result, job, boot, args.join(' '));
    const still = manifest.recorded.repeats === 'bytes' ? await stillClockLines() : 'still=';
    await writeWhole(join(folder, 'reproduce.sh'), reproduceScript(manifest, args, still));
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

/**
 * QEMU's arguments, from our own table: a run folder may come from anybody, and reproduce.sh runs what stands here. What was
 * recorded must be the same, for else the bundle would be of another machine than the result.
 */
function argsOf(named: string, result: JobResult, job: JobRecord, boot: BootRecord): string[] {
  const recorded = splitWords(result.deviceFacts?.['qemu_argv'] ?? '');
  const device = result.facts['device_used'] ?? result.device;
  const machine = job.deviceSpec
    ? machineOf(job.deviceSpec as DeviceSpec)
    : emulatedMachine(device);
  if (recorded.length === 0 || machine === undefined) {
    throw new UsageError(`${named}: no QEMU booted it; nothing to bundle`);
  }
  const icount = result.deviceFacts?.['icount'] === 'yes';
  const args = (kernel: string, initramfs: string): string[] =>
    qemuArgv(machine, bootFrom(boot, kernel, initramfs), icount);
  const own = args(boot.kernel, boot.initramfs);
  if (own.join('\0') !== recorded.slice(-own.length).join('\0')) {
    throw new UsageError(
      `${named}: QEMU was given other arguments than this busyguest gives ${device}; run the job again, then bundle it`,
    );
  }
  return args('kernel', 'initramfs.cpio');
}

async function resultIn(dir: string, named: string): Promise<JobResult> {
  const result = await readJobFile(join(dir, 'status.json'));
  if (result !== undefined) return result;
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

function needed<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new UsageError(otherwise);
  return value;
}

async function copyFiles(dir: string, folder: string, boot: BootRecord): Promise<void> {
  await mkdir(folder);
  for (const name of [...readableFiles, 'console.log', 'status.json'] as const) {
    const path = join(dir, name);
    if (!(await exists(path))) continue;
    if ((await realpath(path)) !== path) throw outside(path, dir);
    await copyInput(path, join(folder, name));
  }
  const places = [dir, await realpath(cacheDir()).catch(() => dir)];
  for (const [kind, name] of [
    ['kernel', 'kernel'],
    ['initramfs', 'initramfs.cpio'],
  ] as const) {
    const path = boot[kind];
    const real = await realpath(path).catch(() => {
      throw new UsageError(`${path} is gone from the cache; run the job again, then bundle it`);
    });
    // boot.json may be anybody's: it must not bring just any file of ours into a bundle.
    if (!places.some((place) => real.startsWith(place + sep))) throw outside(path, dir);
    await copyInput(real, join(folder, name));
    if ((await digestFile(join(folder, name))) === boot.sha256?.[kind]) continue;
    throw new JobError([
      { message: `${path}: refused: it is not the ${kind} that boot.json says was booted` },
    ]);
  }
}

const outside = (path: string, dir: string): JobError =>
  new JobError([{ message: `${path}: refused: it is neither in ${dir} nor in the cache` }]);

async function copyInput(from: string, to: string): Promise<void> {
  await using file = await openInput(from);
  await pipeline(file.createReadStream({ autoClose: false }), createWriteStream(to));
}

async function describe(
  dir: string,
  folder: string,
  result: JobResult,
  job: JobRecord,
  { commandLine, payloadArgs, cpus }: BootRecord,
  args: string,
): Promise<Manifest> {
  const files = await Promise.all(
    checkedFiles.map(async (name) => {
      const path = join(folder, name);
      return [name, { bytes: (await stat(path)).size, sha256: await digestFile(path) }] as const;
    }),
  );
  const known = job.knownFaults.map(({ title }) => linearPattern(title));
  const { name, kernel, device, test, expect, facts, deviceFacts = {} } = result;
  const record = await readRecord(join(dirname(dir), 'run.json')).catch(() => ({ startedAt: '' }));
  return {
    schema: 1,
    run: basename(dirname(dir)),
    startedAt: record.startedAt,
    job: {
      name,
      kernel,
      device,
      test,
      expect,
      ...(job.test.program !== undefined && { program: job.test.program }),
      parameters: job.test.parameters,
      timeouts: job.timeouts,
      knownFaults: result.faults
        .map(({ title }) => title)
        .filter((title) => known.some((one) => one.test(title))),
    },
    boot: { commandLine: [...commandLine], payloadArgs: [...payloadArgs], cpus },
    recorded: {
      device: facts['device_used'] ?? device,
      qemu: deviceFacts['qemu'] ?? '',
      args,
      repeats: deviceFacts['repeats'] === 'bytes' ? 'bytes' : 'statuses',
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
