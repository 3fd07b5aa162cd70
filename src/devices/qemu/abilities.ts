// SPDX-License-Identifier: MIT
import { access, constants, readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { says } from '../../system/program.js';
import { compareVersions, type QemuBinary } from './binary.js';
import type { QemuMachine } from './machines.js';

/** What a QEMU says it can do. */
export interface Abilities {
  readonly machines: ReadonlySet<string>;
  /** CPU models, lower case. */
  readonly cpus: ReadonlySet<string>;
  /** Options of the pseries machine. */
  readonly pseriesOptions: ReadonlySet<string>;
}

const asked = new Map<string, Promise<Abilities>>();

/** Asks a QEMU, once. */
export function abilitiesOf(binary: QemuBinary): Promise<Abilities> {
  const key = binary.argv.join(' ');
  const known = asked.get(key) ?? ask(binary);
  asked.set(key, known);
  return known;
}

async function ask(binary: QemuBinary): Promise<Abilities> {
  const help = (...args: string[]): Promise<string> => says([...binary.argv, ...args], [0, 1]);
  const [machines, cpus, options] = await Promise.all([
    help('-M', 'help'),
    help('-cpu', 'help'),
    help('-M', 'pseries,help'),
  ]);
  const firstWords = (text: string): string[] =>
    [...text.matchAll(/^[ \t]*(?:PowerPC )?(\S+)/gm)].map((m) => m[1] ?? '');
  return {
    machines: new Set(firstWords(machines)),
    cpus: new Set(firstWords(cpus).map((name) => name.toLowerCase())),
    pseriesOptions: new Set([...options.matchAll(/^[ \t]*([\w-]+)=/gm)].map((m) => m[1] ?? '')),
  };
}

/** Why this QEMU on this host cannot be the machine; empty: it can. */
export async function whyNot(machine: QemuMachine, binary: QemuBinary): Promise<string[]> {
  if (machine.accel === 'kvm') {
    const host = await whyNoKvm(machine);
    if (host !== undefined) return [host];
  }
  const can = await abilitiesOf(binary);
  const qemu = `QEMU ${binary.version.join('.')}`;
  const newer = 'a newer QEMU is needed: busyguest devices --fetch-qemu';
  if (!can.machines.has(machine.machine))
    return [`${qemu} has no machine ${machine.machine}; ${newer}`];
  const reasons: string[] = [];
  for (const { flag } of machine.options) {
    const option = flag.split('=')[0] ?? '';
    // `-M pseries,help` does not list the experimental ones (x-vof has been there since 6.1).
    if (option.startsWith('x-') || machine.machine !== 'pseries') continue;
    if (!can.pseriesOptions.has(option)) {
      reasons.push(`${qemu} has no option ${option}; ${newer}`);
    }
  }
  if (
    machine.cpu !== undefined &&
    machine.cpu !== 'host' &&
    !can.cpus.has(machine.cpu.toLowerCase())
  ) {
    reasons.push(`${qemu} has no CPU ${machine.cpu}; ${newer}`);
  }
  return reasons;
}

async function whyNoKvm(machine: QemuMachine): Promise<string | undefined> {
  if (arch() !== 'ppc64') return 'this host is no POWER machine';
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable) return '/dev/kvm cannot be opened: load kvm-hv, and run as root or in group kvm';
  const cpu = machine.promised.cpu;
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8');
  const own = /^cpu\s*:(.*)/m.exec(cpuinfo)?.[1]?.trim() ?? '';
  return cpu === undefined || cpu.test(own) ? undefined : `this host is ${own}`;
}

/** Whether virtual time can count instructions here: then a run is the same every time. */
export function canCount(machine: QemuMachine, binary: QemuBinary): boolean {
  return (
    machine.accel === 'tcg' &&
    machine.icountSince !== undefined &&
    compareVersions(binary.version, machine.icountSince) >= 0
  );
}
