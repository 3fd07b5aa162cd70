// SPDX-License-Identifier: MIT
import { JobError, UsageError } from '../model/errors.js';
import { compareVersions, findQemu } from '../devices/qemu/binary.js';
import { fetchQemu } from '../devices/qemu/fetch.js';
import { lavaRunPrefix, whyNoLavaRun } from '../devices/lava/lava-run-device.js';
import { deviceNamed, deviceNames } from '../devices/registry.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { checkDevice } from './check-device.js';

/** `busyguest devices`: every device and whether it can run here. */
export async function devicesCommand(options: {
  readonly fetchQemu: boolean;
  readonly ifOlder?: string;
  readonly quiet: boolean;
}): Promise<number> {
  if (options.fetchQemu) await fetchUnlessNew(options.ifOlder);
  if (options.quiet) return 0;
  const qemu = await findQemu();
  const names = deviceNames().filter((name) => !name.startsWith(lavaRunPrefix));
  const rows = await Promise.all([...names.map(rowOf), lavaRunRow()]);
  const width = Math.max(...rows.map(({ name }) => name.length));
  process.stdout.write(`${qemu?.versionText ?? 'no QEMU for POWER'}\n`);
  for (const { name, answer, title } of rows) {
    process.stdout.write(`${name.padEnd(width)}  ${answer}\n${' '.repeat(width)}  ${title}\n`);
  }
  return 0;
}

interface Row {
  readonly name: string;
  readonly answer: string;
  readonly title: string;
}

/** One that cannot be read keeps no other from being listed. */
async function rowOf(name: string): Promise<Row> {
  try {
    const device = deviceNamed(name);
    const missing = (await device?.missing()) ?? [];
    return { name, answer: answerOf(missing), title: device?.title ?? '' };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return { name, answer: 'its description has mistakes', title: error.message };
  }
}

const answerOf = (missing: readonly string[]): string =>
  missing.length === 0 ? 'can run' : `cannot: ${missing.join('; ')}`;

/** All of them at once: there is one for each emulated machine. */
async function lavaRunRow(): Promise<Row> {
  return {
    name: `${lavaRunPrefix}...`,
    answer: answerOf(await whyNoLavaRun()),
    title: "any emulated machine, started by LAVA's lava-run: lava-run-qemu-pseries-p9",
  };
}

/** With a version: only where the QEMU here is older, and then the nearest that is not. */
async function fetchUnlessNew(ifOlder: string | undefined): Promise<void> {
  if (ifOlder !== undefined && !/^\d+(\.\d+)*$/.test(ifOlder)) {
    throw new UsageError(`--if-older ${ifOlder}: a version is needed, such as 10.0`);
  }
  const enough = ifOlder?.split('.').map(Number);
  const here = enough && (await findQemu());
  if (enough && here && compareVersions(here.version, enough) >= 0) return;
  await interruptible((signal) =>
    fetchQemu(signal, (text) => process.stderr.write(`busyguest: ${text}\n`), enough),
  );
}

/** Options and help of `busyguest devices`. */
export const declare: Declare = (command) =>
  command
    .addHelpText(
      'after',
      '\nYour own devices are described in ~/.config/busyguest/devices/NAME.yaml (docs/devices.md).\n\nExamples:\n  busyguest devices --fetch-qemu\n  busyguest devices check talos',
    )
    .option(
      '--fetch-qemu',
      "download Debian's newest QEMU into the cache, with its libraries if this system has older ones",
      false,
    )
    .option('-q, --quiet', 'with --fetch-qemu: do not list the devices', false)
    .option(
      '--if-older <version>',
      'with --fetch-qemu: only if the QEMU here is older than this; download the oldest that is not',
    )
    .action(exits(devicesCommand))
    .command('check')
    .description('try a machine step by step: power, console, shell, fetch, kexec')
    .argument('<name>', 'device')
    .exitOverride()
    .action(exits(checkDevice));
