// SPDX-License-Identifier: MIT
import { UsageError } from '../model/errors.js';
import { compareVersions, fetchQemu, findQemu } from '../devices/qemu/binary.js';
import { devices } from '../devices/registry.js';
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
  const rows = await Promise.all(
    devices.map(async (device) => ({ device, missing: await device.missing() })),
  );
  const width = Math.max(...rows.map(({ device }) => device.name.length));
  process.stdout.write(`${qemu?.versionText ?? 'no QEMU for POWER'}\n`);
  for (const { device, missing } of rows) {
    const answer = missing.length === 0 ? 'can run' : `cannot: ${missing.join('; ')}`;
    process.stdout.write(
      `${device.name.padEnd(width)}  ${answer}\n${' '.repeat(width)}  ${device.title}\n`,
    );
  }
  return 0;
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
