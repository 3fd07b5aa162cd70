// SPDX-License-Identifier: MIT
import { InfraError, InterruptedError } from '../../model/errors.js';
import { run } from '../../system/processes.js';
import { machineArgv } from './argv.js';
import type { QemuBinary } from './binary.js';
import type { Flag, QemuMachine } from '../../architectures/machine.js';
import { qemuCage } from './qemu-cage.js';

/** What was found when QEMU was started with a machine under this host's KVM. */
export interface KvmProof {
  /** The machine as QEMU takes it here. */
  readonly machine: QemuMachine;
  /** What it has beside its own options, each with the reason. */
  readonly added: readonly Flag[];
  /** Why it cannot be started; undefined: it was. */
  readonly whyNot?: string;
}

/** What QEMU refuses, and what is said instead; undefined: another kind of refusal. */
type Remedy = (said: string) => Flag | undefined;

/**
 * Capabilities that QEMU promises to a guest unless it is told otherwise (spapr_machine_class_init(), hw/ppc/spapr.c) and
 * refuses where this host's KVM has not got them (spapr_caps.c). None of them is on the path under test: they keep
 * processes of one guest from spying on each other, and all of ours belong to the test.
 */
const harmless: Readonly<Record<string, string>> = {
  'cap-cfpc': 'the firmware reports no cache flush on privilege change',
  'cap-sbbc': 'the firmware reports no speculation barrier',
  'cap-ibs': 'the firmware reports no safe indirect branches',
  'cap-ccf-assist': 'the firmware reports no help to flush the count cache',
};

/** Seen on an emulated powernv9 whose device tree has no /ibm,opal/fw-features, which KVM reads (kvmppc_get_cpu_char()). */
const mitigation: Remedy = (said) => {
  const [, flag = '', name = ''] = /Try appending -machine ((cap-[\w-]+)=[\w-]+)/.exec(said) ?? [];
  const why = harmless[name];
  return why === undefined ? undefined : { flag, why, seen: '11.1.3' };
};

/** A hash guest's pages must be whole pages of the host (kvmppc_hpt_needs_host_contiguous_pages()). Ours uses radix. */
const pageSize: Remedy = (said) => {
  const host = /Can't support \d+ kiB guest pages with (\d+) kiB host pages/.exec(said)?.[1];
  if (host === undefined) return undefined;
  const why = `the host has pages of ${host} KiB, and a guest with the hash MMU could have no larger ones`;
  return { flag: `cap-hpt-max-page-size=${host}k`, why, seen: '11.1.3' };
};

const remedies: readonly Remedy[] = [mitigation, pageSize];
/** There is nothing else to add. */
const mostTries = Object.keys(harmless).length + 3;

/** QEMU does not answer when the host is out of breath; then nothing is known. */
const deadlineMs = 120_000;

const proofs = new Map<string, Promise<KvmProof>>();

/** Starts QEMU once, paused, with the machine's own options; what it refuses is added where that is harmless. Asked once. */
export function kvmProof(machine: QemuMachine, binary: QemuBinary): Promise<KvmProof> {
  const key = [...binary.argv, machine.name, ...machine.options.map(({ flag }) => flag)].join(' ');
  const known = proofs.get(key) ?? prove(machine, (tried) => refusalOf(tried, binary));
  proofs.set(key, known);
  return known;
}

/** @param refusal what QEMU says against a machine; undefined: nothing */
export async function prove(
  machine: QemuMachine,
  refusal: (tried: QemuMachine) => Promise<string | undefined>,
): Promise<KvmProof> {
  let tried = machine;
  const added: Flag[] = [];
  for (let tries = 0; tries < mostTries; tries++) {
    const said = await refusal(tried);
    if (said === undefined) return { machine: tried, added };
    const options = tried.options.filter(({ flag }) => !isRefused(flag, said));
    const flag = remedies.map((remedy) => remedy(said)).find((one) => one !== undefined);
    const isNew = flag !== undefined && !options.some((one) => one.flag === flag.flag);
    if (options.length === tried.options.length && !isNew)
      return { machine: tried, added, whyNot: reasonOf(said) };
    if (isNew) {
      options.push(flag);
      added.push(flag);
    }
    tried = { ...tried, options };
  }
  return {
    machine: tried,
    added,
    whyNot: 'QEMU refuses the machine with each flag that it asks for',
  };
}

/** SLOF takes its place, and boots more slowly. */
const isRefused = (flag: string, said: string): boolean =>
  flag === 'x-vof=on' && /x-vof|vof\.bin/.test(said);

function reasonOf(said: string): string {
  // kvmhv_enable_nested() of book3s_hv.c: a parameter, POWER9, radix, and no nested v2 below.
  if (/does not support Nested/.test(said))
    return 'KVM gives no nested guests here: modprobe kvm-hv nested=1, on a host with the radix MMU; a partition of PowerVM gives none';
  if (/KVM kernel module: Permission denied/.test(said))
    return "QEMU may not open /dev/kvm: it runs as nobody, with the device's group: chmod g+rw /dev/kvm";
  const lines = said
    .split('\n')
    .filter((line) => !line.includes('warning:'))
    .map((line) => line.replace(/^\S*qemu-system-\S+: /, '').trim());
  return `QEMU refuses the machine: ${lines.filter(Boolean).join('; ').slice(0, 300)}`;
}

const monitorWords = '{"execute":"qmp_capabilities"}\n{"execute":"quit"}\n';

async function refusalOf(machine: QemuMachine, binary: QemuBinary): Promise<string | undefined> {
  const cage = { ...qemuCage(machine, binary), trusted: true };
  const argv = [...binary.argv, ...machineArgv(machine, 1, false, 'null'), '-S', '-qmp', 'stdio'];
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    const how = { stage: 'probe', cage, input: monitorWords, signal, okCodes: [0, 1] };
    const { exitCode, stderr } = await run(argv, how);
    return exitCode === 0 ? undefined : stderr;
  } catch (error) {
    if (error instanceof InterruptedError) return `no answer in ${deadlineMs / 1000} s`;
    if (!(error instanceof InfraError)) throw error;
    return error.message;
  }
}
