// SPDX-License-Identifier: MIT
import { mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Boot, Device } from '../devices/device.js';
import type { JobResult } from '../model/result.js';
import { use } from '../system/cache.js';
import { cacheDir, copyAnew, digest, readIfThere, writeWhole } from '../system/files.js';
import { isAnswer } from '../verdict/answer.js';
import type { Bootable } from './bootable.js';
import type { ExpectedConsole } from './console-session.js';
import type { JobFiles } from './job-files.js';
import type { Watched } from './watch.js';

/** What of a watched machine cannot be read from its console again. */
type Remembered = Pick<Watched, 'exit' | 'machineFacts' | 'timesMs' | 'caseTimes'>;

/** Everything that a job's result depends on, as one key; undefined where the same key could give another result. */
export async function inputsKey(
  kernel: Bootable,
  device: Device,
  boot: Boot,
): Promise<string | undefined> {
  const inputs = await device.inputs(boot);
  if (inputs === undefined) return undefined;
  const argv = [...boot.commandLine, '--', ...boot.payloadArgs, String(boot.cpus)].join(' ');
  // An image is named by its content; the kernel's key has only the usual one.
  const image = basename(boot.initramfs);
  return digest(kernel.key, image, device.name, inputs, argv).slice(0, 24);
}

const folder = (key: string): string => cacheDir('jobs', key);

/** Keeps the console of a job that told something of its kernel. */
export async function remember(
  key: string,
  files: JobFiles,
  watched: Watched,
  result: JobResult,
): Promise<void> {
  if (!isAnswer(result)) return;
  const { exit, machineFacts, timesMs, caseTimes } = watched;
  const dir = folder(key);
  // With --fresh nobody has looked it up, and the cache is trimmed after what was missed.
  await use(dir);
  // Jobs of one matrix may have the same inputs, and end together.
  await writeWhole(join(dir, 'console.log'), await readFile(files.consolePath));
  // Written last: without it the folder counts for nothing.
  const remembered: Remembered = { exit, machineFacts, timesMs, ...(caseTimes && { caseTimes }) };
  await writeWhole(join(dir, 'machine.json'), JSON.stringify(remembered));
}

/** Takes the console of an earlier job with the same inputs, and reads it as if it had just come. */
export async function recall(
  key: string,
  files: JobFiles,
  expected: ExpectedConsole,
): Promise<Watched | undefined> {
  if (!(await use(folder(key)))) return undefined;
  const text = await readIfThere(join(folder(key), 'machine.json'));
  if (text === undefined) return undefined;
  const { exit, machineFacts, timesMs, caseTimes } = JSON.parse(text) as Remembered;
  await mkdir(files.dir, { recursive: true });
  await copyAnew(join(folder(key), 'console.log'), files.consolePath);
  return {
    findings: await files.readConsole(expected),
    exit,
    machineFacts,
    timesMs,
    ...(caseTimes && { caseTimes }),
  };
}
