// SPDX-License-Identifier: MIT
import { readIfThere } from '../system/files.js';
import { withFlags } from './qemu/argv.js';
import { workarounds } from '../architectures/powerpc/machines.js';

/** What the device tree says of a POWER machine. */
export interface HostMachine {
  /** `IBM PowerNV (emulated by qemu)`; empty where there is no device tree. */
  readonly model: string;
  /**
   * A partition whose instructions QEMU emulates (TCG). QEMU calls its machine emulated under KVM too (spapr_build_fdt()),
   * but then there is the node of a hypervisor (spapr_dt_hypervisor()).
   */
  readonly isEmulatedPartition: boolean;
}

const folder = '/proc/device-tree';
const files = ['model', 'hypervisor/compatible'];

/** A shell command that prints what `machineFrom` reads, on any machine. */
export const askMachine = files.map((file) => `cat ${folder}/${file} 2>/dev/null; echo`).join('; ');

/** What that command printed. */
export function machineFrom(printed: string): HostMachine {
  const [model = '', hypervisor = ''] = printed.replaceAll('\0', '').split('\n');
  const isEmulatedPartition = /pSeries \(emulated by qemu\)/i.test(model) && hypervisor === '';
  return { model, isEmulatedPartition };
}

/** This computer. */
export async function hostMachine(): Promise<HostMachine> {
  const texts = await Promise.all(files.map((file) => readIfThere(`${folder}/${file}`)));
  return machineFrom(texts.map((text) => text ?? '').join('\n'));
}

/**
 * The payload's arguments for the kernel that runs on a machine: with what is needed for QEMU's sake, where QEMU emulates
 * the machine. Without them a right kernel is told of soft lockups that QEMU made (docs/devices.md).
 * @param said what a command prints there; only where it has to be known
 */
export async function argsFor(
  { isEmulatedPartition }: HostMachine,
  payloadArgs: readonly string[],
  said: (command: string) => Promise<string>,
): Promise<readonly string[]> {
  if (!isEmulatedPartition) return payloadArgs;
  // As the payload finds it out: machine_nested_api() of guest-images/busy-guest/facts.c.
  const isV1 =
    /^cpu\s*: POWER9/m.test(await said('cat /proc/cpuinfo')) ||
    (await said('dmesg')).includes('falling back to nestedv1');
  const machine = isV1 ? 'pseries,cap-nested-hv=on' : 'pseries,cap-nested-papr=on';
  return withFlags(payloadArgs, workarounds(machine, 'tcg'));
}

/** What a report says of a machine that is emulated; nothing of a real one. */
export const machineFacts = ({ model }: HostMachine): Readonly<Record<string, string>> =>
  /emulated by qemu/i.test(model) ? { machine_model: model } : {};
