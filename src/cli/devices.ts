// SPDX-License-Identifier: MIT
import type { Architecture } from '../architectures/architecture.js';
import {
  architectureNamed,
  architectures,
  lavaRunPrefix,
  usualArchitecture,
} from '../architectures/architectures.js';
import { JobError, UsageError } from '../model/errors.js';
import { newerQemu } from '../devices/qemu/abilities.js';
import { compareVersions, findQemu } from '../devices/qemu/binary.js';
import { fetchQemu } from '../devices/qemu/fetch.js';
import { whyNoLavaRun } from '../devices/lava/lava-run-device.js';
import { architectureOf, deviceNamed, deviceNames, takenOverBy } from '../devices/registry.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { checkDevice } from './check-device.js';
import { shared } from './shared-options.js';
import { deviceList } from './device-list.js';

/** `busyguest devices`: every device and whether it can run here. */
export async function devicesCommand(options: {
  readonly fetchQemu: boolean;
  readonly ifOlder?: string;
  readonly quiet: boolean;
  readonly arch: string;
}): Promise<number> {
  const architecture = architectureNamed(options.arch);
  if (options.fetchQemu) await fetchUnlessNew(architecture, options.ifOlder);
  if (options.quiet) {
    const qemu = await findQemu();
    const lacking = qemu ? await lackingHere() : [];
    if (lacking.length > 0)
      process.stderr.write(
        `busyguest: QEMU ${qemu?.version.join('.')} is too old for ${lacking.join(', ')}; a newer one: busyguest devices --fetch-qemu\n`,
      );
    return 0;
  }
  const names = deviceNames().filter((name) => !name.startsWith(lavaRunPrefix));
  const rows = await Promise.all(names.map(rowOf));
  const width = Math.max(...names.map((name) => name.length));
  for (const architecture of architectures) {
    const isUsual = architecture === usualArchitecture;
    const found = (await findQemu(architecture))?.versionText;
    const { title } = architecture;
    process.stdout.write(
      isUsual ? `${found ?? `no QEMU for ${title}`}\n` : `\n${title}: ${found ?? 'no QEMU'}\n`,
    );
    const own = rows.filter(({ name }) => architectureOf(name) === architecture);
    show(isUsual ? [...own, await lavaRunRow()] : own, width);
  }
  process.stdout.write(notEmulated);
  return 0;
}

/** What no device is for, and why (seen with QEMU 10.0.2 and in its source: target/i386, target/s390x, target/loongarch). */
const notEmulated = `
No emulator has Intel's VMX, s390x's SIE or loongarch64's LVZ: KVM of these runs on real machines only.
`;

function show(rows: readonly Row[], width: number): void {
  for (const { name, answer, lines } of rows) {
    process.stdout.write(`${name.padEnd(width)}  ${answer}\n`);
    for (const line of lines) process.stdout.write(`${' '.repeat(width)}  ${line}\n`);
  }
}

/** The emulated devices that a newer QEMU would bring. */
async function lackingHere(): Promise<string[]> {
  const lacks = await Promise.all(
    deviceList(['all']).map(async (name) => {
      const reasons = (await deviceNamed(name)?.missing()) ?? [];
      return reasons.some((reason) => reason.endsWith(newerQemu)) ? [name] : [];
    }),
  );
  return lacks.flat();
}

interface Row {
  readonly name: string;
  readonly answer: string;
  /** The title, and what was found. */
  readonly lines: readonly string[];
}

/** One that cannot be read keeps no other from being listed. */
async function rowOf(name: string): Promise<Row> {
  try {
    const device = deviceNamed(name);
    const missing = (await device?.missing()) ?? [];
    const found = missing.length === 0 ? ((await device?.found?.()) ?? []) : [];
    const twin = missing.length === 0 ? await takenOverBy(name) : undefined;
    const answer = twin ? `${answerOf(missing)}; ${twin.name} takes its place` : answerOf(missing);
    return { name, answer, lines: [device?.title ?? '', ...found] };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return { name, answer: 'its description has mistakes', lines: [error.message] };
  }
}

const answerOf = (missing: readonly string[]): string =>
  missing.length === 0 ? 'can run' : `cannot: ${missing.join('; ')}`;

/** All of them at once: there is one for each emulated machine. */
async function lavaRunRow(): Promise<Row> {
  return {
    name: `${lavaRunPrefix}...`,
    answer: answerOf(await whyNoLavaRun()),
    lines: ["any emulated machine, started by LAVA's lava-run: lava-run-qemu-pseries-p9"],
  };
}

/** With a version: only where the QEMU here is older, and then the nearest that is not. */
async function fetchUnlessNew(
  architecture: Architecture,
  ifOlder: string | undefined,
): Promise<void> {
  if (ifOlder !== undefined && !/^\d+(\.\d+)*$/.test(ifOlder)) {
    throw new UsageError(`--if-older ${ifOlder}: a version is needed, such as 10.0`);
  }
  const enough = ifOlder?.split('.').map(Number);
  const here = enough && (await findQemu(architecture));
  if (enough && here && compareVersions(here.version, enough) >= 0) return;
  await interruptible((signal) =>
    fetchQemu(signal, (text) => process.stderr.write(`busyguest: ${text}\n`), enough, architecture),
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
    .option('-q, --quiet', 'list no devices, only those for which the QEMU here is too old', false)
    .option(
      '--if-older <version>',
      'with --fetch-qemu: only if the QEMU here is older than this; download the oldest that is not',
    )
    .addOption(shared.architecture)
    .action(exits(devicesCommand))
    .command('check')
    .description('try a machine step by step: power, console, shell, fetch, kexec')
    .argument('<name>', 'device')
    .exitOverride()
    .action(exits(checkDevice));
