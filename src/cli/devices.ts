// SPDX-License-Identifier: MIT
import { JobError, UsageError } from '../model/errors.js';
import { compareVersions, fetchQemu, findQemu } from '../devices/qemu/binary.js';
import { deviceNamed, deviceNames } from '../devices/registry.js';
import { interruptible } from './signals.js';

/** `busyguest devices`: every device and whether it can run here. */
export async function devicesCommand(options: {
  readonly fetchQemu: boolean;
  readonly ifOlder?: string;
  readonly quiet: boolean;
}): Promise<number> {
  if (options.fetchQemu) await fetchUnlessNew(options.ifOlder);
  if (options.quiet) return 0;
  const qemu = await findQemu();
  const rows = await Promise.all(deviceNames().map(rowOf));
  const width = Math.max(...rows.map(({ name }) => name.length));
  process.stdout.write(`${qemu?.versionText ?? 'no QEMU for POWER'}\n`);
  for (const { name, answer, title } of rows) {
    process.stdout.write(`${name.padEnd(width)}  ${answer}\n${' '.repeat(width)}  ${title}\n`);
  }
  return 0;
}

/** One that cannot be read keeps no other from being listed. */
async function rowOf(name: string): Promise<{ name: string; answer: string; title: string }> {
  try {
    const device = deviceNamed(name);
    const missing = (await device?.missing()) ?? [];
    const answer = missing.length === 0 ? 'can run' : `cannot: ${missing.join('; ')}`;
    return { name, answer, title: device?.title ?? '' };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return { name, answer: 'its description has mistakes', title: error.message };
  }
}

async function fetchUnlessNew(ifOlder: string | undefined): Promise<void> {
  if (ifOlder !== undefined) {
    if (!/^\d+(\.\d+)*$/.test(ifOlder)) {
      throw new UsageError(`--if-older ${ifOlder}: a version is needed, as 10.0`);
    }
    const here = await findQemu();
    if (here && compareVersions(here.version, ifOlder.split('.').map(Number)) >= 0) return;
  }
  await interruptible((signal) =>
    fetchQemu(signal, (text) => process.stderr.write(`busyguest: ${text}\n`)),
  );
}
