// SPDX-License-Identifier: MIT
import { access, constants, readFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { architectureNamed } from '../../architectures/architectures.js';
import { says } from '../../system/program.js';
import { compareVersions, type QemuBinary } from './binary.js';
import { hostMachine } from '../host-machine.js';
import { kvmProof } from './kvm-proof.js';
import type { QemuMachine } from '../../architectures/machine.js';

/** What a QEMU says it can do. */
export interface Abilities {
  readonly machines: ReadonlySet<string>;
  /** CPU models, lower case. */
  readonly cpus: ReadonlySet<string>;
}

/** How a reason ends that a newer QEMU takes away. */
export const newerQemu = 'a newer QEMU is needed: busyguest devices --fetch-qemu';

const asked = new Map<string, Promise<Abilities>>();
const options = new Map<string, Promise<ReadonlySet<string>>>();

/** Asks a QEMU, once. */
export function abilitiesOf(binary: QemuBinary): Promise<Abilities> {
  const key = binary.argv.join(' ');
  const known = asked.get(key) ?? ask(binary);
  asked.set(key, known);
  return known;
}

const help = (binary: QemuBinary, ...args: string[]): Promise<string> =>
  says([...binary.argv, ...args], [0, 1]);

async function ask(binary: QemuBinary): Promise<Abilities> {
  const [machines, cpus] = await Promise.all([
    help(binary, '-M', 'help'),
    help(binary, '-cpu', 'help'),
  ]);
  const firstWords = (text: string): string[] =>
    [...text.matchAll(/^[ \t]*(?:PowerPC |x86 )?(\S+)/gm)].map((m) => m[1] ?? '');
  return {
    machines: new Set(firstWords(machines)),
    cpus: new Set(firstWords(cpus).map((name) => name.toLowerCase())),
  };
}

/** The options that a QEMU has for a machine, asked once. */
function optionsOf(machine: string, binary: QemuBinary): Promise<ReadonlySet<string>> {
  const key = [...binary.argv, machine].join(' ');
  const ask = async (): Promise<ReadonlySet<string>> => {
    const text = await help(binary, '-M', `${machine},help`);
    return new Set([...text.matchAll(/^[ \t]*([\w-]+)=/gm)].map((m) => m[1] ?? ''));
  };
  const known = options.get(key) ?? ask();
  options.set(key, known);
  return known;
}

/** Why this QEMU on this host cannot be the machine; empty: it can. */
export async function whyNot(machine: QemuMachine, binary: QemuBinary): Promise<string[]> {
  if (machine.accel === 'kvm') {
    const host = await whyNoKvm(machine);
    if (host !== undefined) return [host];
  }
  const can = await abilitiesOf(binary);
  const qemu = `QEMU ${binary.version.join('.')}`;
  if (!can.machines.has(machine.machine))
    return [`${qemu} has no machine ${machine.machine}; ${newerQemu}`];
  // `-M pseries,help` does not list the experimental ones (x-vof has been there since 6.1).
  const wanted = machine.options
    .map(({ flag }) => flag.split('=')[0] ?? '')
    .filter((option) => !option.startsWith('x-'));
  const has = wanted.length === 0 ? new Set() : await optionsOf(machine.machine, binary);
  const reasons = wanted
    .filter((option) => !has.has(option))
    .map((option) => `${qemu} has no option ${option}; ${newerQemu}`);
  // Without the features that are switched on or off behind it.
  const [cpu = 'host'] = machine.cpu?.split(',') ?? [];
  if (cpu !== 'host' && !can.cpus.has(cpu.toLowerCase()))
    reasons.push(`${qemu} has no CPU ${cpu}; ${newerQemu}`);
  if (machine.accel !== 'kvm' || reasons.length > 0) return reasons;
  const { whyNot: refused } = await kvmProof(machine, binary);
  return refused === undefined ? [] : [refused];
}

async function whyNoKvm(machine: QemuMachine): Promise<string | undefined> {
  const { node, kvm, title } = architectureNamed(machine.architecture);
  if (arch() !== node) return `this host is no machine of ${title}`;
  const usable = await access('/dev/kvm', constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!usable)
    return `/dev/kvm cannot be opened: load ${kvm.hostModules.join(' or ')}, and run as root or in group kvm`;
  const unnested = await moduleWithoutNesting(kvm.hostModules);
  if (unnested !== undefined)
    return `KVM gives no nested guests here: load ${unnested} with nested=1`;
  const { isEmulatedPartition } = await hostMachine();
  if (isEmulatedPartition)
    return 'this host is a partition that QEMU emulates, whose KVM loses interrupts (docs/devices.md)';
  const { cpu } = machine.promised;
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8');
  const own = /^cpu\s*:(.*)/m.exec(cpuinfo)?.[1]?.trim() ?? '';
  return cpu === undefined || cpu.test(own) ? undefined : `this host is ${own}`;
}

/** The module that is loaded with `nested` off; undefined: none. On is Y in some versions, and 1 in others. */
async function moduleWithoutNesting(modules: readonly string[]): Promise<string | undefined> {
  for (const module of modules) {
    const said = await readFile(`/sys/module/${module}/parameters/nested`, 'utf8').catch(() => 'Y');
    if (!/^[Y1]/.test(said)) return module;
  }
  return undefined;
}

/** Whether virtual time can count instructions here: then a run is the same every time. */
export function canCount(machine: QemuMachine, binary: QemuBinary): boolean {
  return (
    machine.accel === 'tcg' &&
    machine.icountSince !== undefined &&
    compareVersions(binary.version, machine.icountSince) >= 0
  );
}
