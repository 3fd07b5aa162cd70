// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emulatedNames, deviceOf } from '../../devices/registry.js';
import { JobError } from '../../model/errors.js';
import type { EventSink } from '../../model/event.js';
import type { JobResult } from '../../model/result.js';
import { withScratch } from '../../system/scratch.js';
import { splitWords } from '../../system/shell-words.js';
import { compareResults, type Differences } from '../../verdict/same-result.js';
import { JobFiles } from '../job-files.js';
import { judgeWatched } from '../job-result.js';
import { watchJob } from '../watch.js';
import { jobOf, type Manifest } from './manifest.js';
import { openBundle, type OpenedBundle } from './open-bundle.js';

/** What came of running a bundle's job again. */
export interface Verification {
  readonly manifest: Manifest;
  /** Why it cannot run here; then there is no result. */
  readonly missing: readonly string[];
  readonly result?: JobResult;
  readonly differences: Differences;
  /** The bytes of the console; undefined where they are not compared. */
  readonly console?: 'same' | 'differs';
  /** The same device with the same QEMU: metrics and console must be the same, not only statuses. */
  readonly strict: boolean;
  /** What is not as it was, besides the result. */
  readonly notes: readonly string[];
}

/**
 * Boots what is in a bundle on the device of that name, and compares. The machine's arguments are our own, from the
 * table of devices: nothing in the bundle is run on this host. Throws JobError for a bundle that cannot be used,
 * InfraError, InterruptedError.
 */
export async function verifyBundle(
  file: string,
  signal: AbortSignal,
  emit: EventSink,
): Promise<Verification> {
  return withScratch('verify', async (dir) => {
    emit({ kind: 'note', text: `unpacking ${file}` });
    const bundle = await openBundle(file, join(dir, 'bundle'), signal);
    return again(file, bundle, join(dir, 'again'), signal, emit);
  });
}

async function again(
  file: string,
  { manifest, result: then, paths }: OpenedBundle,
  dir: string,
  signal: AbortSignal,
  emit: EventSink,
): Promise<Verification> {
  const job = jobOf(manifest);
  if (!emulatedNames.includes(job.device)) {
    const hint = 'only built-in devices are run from a bundle; read reproduce.sh and run it';
    throw new JobError([{ message: `${file}: unknown device "${job.device}"`, hint }]);
  }
  const device = await deviceOf(job);
  const missing = await device.missing();
  const nothing = { status: [], cases: [], metrics: [] };
  if (missing.length > 0)
    return { manifest, missing, differences: nothing, strict: false, notes: [] };

  emit({ kind: 'note', text: `booting ${job.name} on ${device.name}` });
  const files = new JobFiles(dir);
  const boot = { ...manifest.boot, kernel: paths.kernel, initramfs: paths['initramfs.cpio'] };
  const watched = await watchJob(job, device, boot, files, signal, emit);
  const result = judgeWatched(job, device, watched, {}, false);
  const notes = notesOn(manifest, device.name, watched.machineFacts, boot);
  const repeats = [manifest.recorded.repeats, watched.machineFacts['repeats']];
  const strict = repeats.every((promise) => promise === 'bytes') && notes.length === 0;
  const bytes = await Promise.all(
    [paths['console.log'], files.consolePath].map((p) => readFile(p)),
  );
  const same = bytes[0]?.equals(bytes[1] ?? Buffer.alloc(0)) === true;
  return {
    manifest,
    missing,
    result,
    differences: compareResults(then, result),
    ...(strict && { console: same ? 'same' : 'differs' }),
    strict,
    notes,
  };
}

/** Whatever may make other bytes than those that were recorded. */
function notesOn(
  { recorded }: Manifest,
  device: string,
  facts: Readonly<Record<string, string>>,
  boot: { readonly kernel: string; readonly initramfs: string },
): string[] {
  const words = splitWords(facts['qemu_argv'] ?? '');
  const args = words
    .slice(Math.max(0, words.indexOf('-M')))
    .join(' ')
    .replace(boot.kernel, 'kernel')
    .replace(boot.initramfs, 'initramfs.cpio');
  const now = { device, qemu: facts['qemu'] ?? '', args };
  return (['device', 'qemu', 'args'] as const)
    .filter((key) => recorded[key] !== now[key])
    .map((key) => `another ${key}: recorded "${recorded[key]}", here "${now[key]}"`);
}
