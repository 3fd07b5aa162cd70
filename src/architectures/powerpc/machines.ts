// SPDX-License-Identifier: MIT
import type { Promised } from '../../model/result.js';
import type { Flag, QemuMachine } from '../machine.js';

const vof: Flag = {
  flag: 'x-vof=on',
  why: "Virtual Open Firmware instead of SLOF: boots in 0.4 s instead of 4.5 s, and TCG's client architecture support needs no second boot",
  seen: '10.0.2',
};
const nestedV1: Flag = {
  flag: 'cap-nested-hv=on',
  why: 'the kernel under test is to be a KVM host itself',
};
const nestedV2: Flag = {
  flag: 'cap-nested-papr=on',
  why: "PowerVM's interface for nested guests, H_GUEST_*",
};
/** Without them QEMU warns on standard error of each that TCG does not do. */
const mitigations: readonly Flag[] = [
  {
    flag: 'cap-cfpc=broken',
    why: 'TCG has no cache flush on privilege change',
    seen: '7.2.22, 10.0.2, 11.1.3',
  },
  { flag: 'cap-sbbc=broken', why: 'TCG has no speculation barrier', seen: '7.2.22' },
  { flag: 'cap-ibs=broken', why: 'TCG does not speculate', seen: '7.2.22, 10.0.2, 11.1.3' },
  {
    flag: 'cap-ccf-assist=off',
    why: 'TCG has no count cache to flush',
    seen: '7.2.22, 10.0.2, 11.1.3',
  },
];
/**
 * A guest that never leaves would run for ever. A hypercall that KVM handles itself brings the
 * kernel's loop round without user space, so the bug under test is still there.
 */
const hypercalls: Flag = {
  flag: '--hcall-us=1000',
  why: 'QEMU loses a hypervisor decrementer that expires on the way into a nested guest (docs/devices.md)',
  seen: '10.0.2',
};
const negatedDecrementer: Flag = {
  flag: '--negate-decrementer',
  why: 'QEMU negates what a nested v2 guest has in its decrementer, so none would sleep (docs/devices.md)',
  seen: '10.0.2',
};

/** What the payload has to do for QEMU's sake on a machine (-M with its options). */
export function workarounds(machine: string, accel: QemuMachine['accel']): readonly Flag[] {
  if (accel !== 'tcg' || !/^pseries(-|,|$)/.test(machine)) return [];
  const isNestedV2 = /,cap-nested-papr=(?:on|true|yes)(?:,|$)/.test(machine);
  return isNestedV2 ? [hypercalls, negatedDecrementer] : [hypercalls];
}

/** The only card that needs no ROM file. */
const networkCard = 'model=spapr-vlan';

/** What a described machine (-M with its options) has for being one of POWER. */
export const describedParts = (
  machine: string,
  accel: QemuMachine['accel'],
): Pick<QemuMachine, 'architecture' | 'networkCard' | 'payload'> => ({
  architecture: 'powerpc',
  ...(machine.startsWith('pseries') && { networkCard }),
  payload: workarounds(machine, accel),
});

const pseries = {
  architecture: 'powerpc',
  machine: 'pseries',
  memoryMb: 1024,
  extra: [],
  sameBytes: true,
  console: 'hvc0',
  networkCard,
} as const;
const tcgGuest = {
  ...pseries,
  accel: 'tcg',
  icountSince: [7, 2],
} as const;
const bareMetal = {
  architecture: 'powerpc',
  accel: 'tcg',
  options: [],
  memoryMb: 2048,
  /**
   * No BMC: QEMU's reads the host's clock, and no two runs would be the same. Without one QEMU does
   * not end at power-off, but a machine is stopped at the payload's last line anyway.
   */
  extra: [],
  // QEMU 7.2 dies with "Bad icount read" on powernv.
  icountSince: [8, 0],
  // Its UART takes a byte at a time: one run of a hundred differs on a busy host (docs/reliability.md).
  sameBytes: false,
  console: 'hvc0',
  payload: [],
} as const;

const promise = (
  platform: string,
  mmu: string,
  cpu: string,
  api: string,
  kvm = 'HV',
): Promised => ({
  platform: new RegExp(`^${platform}$`),
  mmu: new RegExp(`^(?:${mmu})$`),
  // The kernel writes POWER10, but Power11.
  cpu: new RegExp(`^${cpu}\\b`, 'i'),
  nested_api: new RegExp(`^${api}$`),
  kvm: new RegExp(`^${kvm}$`),
});

function guestOf(cpu: 9 | 10 | 11): QemuMachine {
  return {
    ...tcgGuest,
    name: `qemu-pseries-p${cpu}`,
    twin: `kvm-pseries-p${cpu}`,
    title: `POWER${cpu} logical partition, nested v1 (H_ENTER_NESTED): kvmhv_run_single_vcpu()`,
    options: [nestedV1, vof, ...mitigations],
    cpu: `POWER${cpu}`,
    payload: workarounds(`pseries,${nestedV1.flag}`, 'tcg'),
    promised: promise('pSeries', 'Radix', `POWER${cpu}`, 'v1'),
  };
}

function paprGuestOf(cpu: 10 | 11): QemuMachine {
  return {
    ...tcgGuest,
    name: `qemu-pseries-papr-p${cpu}`,
    title: `POWER${cpu} logical partition, nested v2 (H_GUEST_RUN_VCPU, PowerVM's): kvmhv_run_single_vcpu()`,
    options: [nestedV2, vof, ...mitigations],
    cpu: `POWER${cpu}`,
    payload: workarounds(`pseries,${nestedV2.flag}`, 'tcg'),
    promised: promise('pSeries', 'Radix', `POWER${cpu}`, 'v2'),
  };
}

const hash: Flag = {
  flag: 'disable_radix',
  why: 'KVM-PR runs guests beside a kernel with the hash MMU only; POWER8 has no other',
};

/** No hypervisor mode and none below that would lend it: guests run in problem state. */
function prGuestOf(cpu: 8 | 9): QemuMachine {
  return {
    ...tcgGuest,
    name: `qemu-pseries-pr-p${cpu}`,
    title: `POWER${cpu} logical partition, hash MMU, KVM-PR: kvmppc_prepare_to_enter()`,
    options: [vof, ...mitigations],
    cpu: `POWER${cpu}`,
    ...(cpu === 9 && { kernel: [hash] }),
    // No nested guest, so no decrementer of one to lose.
    payload: [],
    promised: promise('pSeries', 'Hash', `POWER${cpu}`, 'none', 'PR'),
  };
}

function kvmGuestOf(cpu: 9 | 10 | 11): QemuMachine {
  return {
    ...pseries,
    name: `kvm-pseries-p${cpu}`,
    title: `POWER${cpu} logical partition under this host's KVM, nested: kvmhv_run_single_vcpu()`,
    accel: 'kvm',
    // What this host's KVM refuses besides is found out by trying: kvm-proof.ts.
    options: [nestedV1, { ...vof, seen: '11.1.3' }],
    cpu: 'host',
    payload: [],
    promised: promise('pSeries', 'Radix', `POWER${cpu}`, 'v[12]'),
  };
}

function bareMetalOf(cpu: 8 | 9 | 10 | 11): QemuMachine {
  return {
    ...bareMetal,
    name: `qemu-powernv${cpu}`,
    title:
      cpu === 8
        ? 'POWER8 bare metal (skiboot), hash MMU: kvmppc_run_vcpu()'
        : `POWER${cpu} bare metal (skiboot): kvmhv_run_single_vcpu()`,
    machine: `powernv${cpu}`,
    // QEMU 7.2 gives bare metal no radix MMU; the run loop depends on the CPU alone.
    promised: promise('PowerNV', cpu === 8 ? 'Hash' : 'Radix|Hash', `POWER${cpu}`, 'none'),
  };
}

/** POWER9 with the MMU of POWER8, as hosts have it that run guests older than radix. */
function hashBareMetal(): QemuMachine {
  return {
    ...bareMetalOf(9),
    name: 'qemu-powernv9-hash',
    title: 'POWER9 bare metal (skiboot), hash guests: kvmhv_run_single_vcpu()',
    kernel: [
      {
        flag: 'disable_radix',
        why: 'a host with a hash MMU gives hash guests; with radix none can',
      },
    ],
    promised: promise('PowerNV', 'Hash', 'POWER9', 'none'),
  };
}

/** The same without instruction counting: as slow and as disturbed as its host, like a real machine. */
function inRealTime(machine: QemuMachine): QemuMachine {
  const { name, title } = machine;
  return {
    ...machine,
    twin: undefined,
    name: `${name}-rt`,
    title: `${title}; in real time`,
    icountSince: undefined,
  };
}

/** Every emulated POWER machine. */
export const machines: readonly QemuMachine[] = [
  guestOf(9),
  guestOf(10),
  guestOf(11),
  paprGuestOf(10),
  paprGuestOf(11),
  prGuestOf(8),
  prGuestOf(9),
  bareMetalOf(8),
  bareMetalOf(9),
  hashBareMetal(),
  bareMetalOf(10),
  bareMetalOf(11),
  kvmGuestOf(9),
  kvmGuestOf(10),
  kvmGuestOf(11),
  inRealTime(guestOf(9)),
  inRealTime(bareMetalOf(8)),
  inRealTime(bareMetalOf(9)),
];
