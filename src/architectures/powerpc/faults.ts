// SPDX-License-Identifier: MIT
import type { Faults } from '../architecture.js';

/** What POWER's own part of the kernel, its firmware and its machines complain of. */
export const faults: Faults = {
  crash: [
    {
      class: 'oops',
      source: 'arch/powerpc/mm/fault.c',
      pattern:
        /BUG: (Kernel NULL pointer dereference(?: on (?:read|write))?|Unable to handle kernel (?:data access|instruction fetch|unaligned access)(?: on (?:read|write))?|Unable to handle unknown paging fault)/,
      title: 'BUG: $1',
      lines: 60,
      atProgramCounter: true,
    },
    {
      class: 'oops',
      source: 'arch/powerpc/mm/fault.c before v5.2',
      pattern:
        /^(Unable to handle kernel (?!.* virtual address ).*?)(?: (?:at|for) (?:address )?0x[0-9a-f]+)?$/,
      title: '$1',
      lines: 60,
      atProgramCounter: true,
    },
    {
      class: 'oops',
      source: 'arch/powerpc/kernel/traps.c',
      pattern: /^Oops: (.+), sig: \d+ \[#\d+\]/,
      title: 'Oops: $1',
      lines: 60,
      joins: ['oops', 'bug'],
      atProgramCounter: true,
    },
  ],
  lockups: [
    {
      class: 'hard-lockup',
      source: 'arch/powerpc/kernel/watchdog.c',
      pattern: /^watchdog: CPU \d+ self-detected hard LOCKUP @ (\S+)/,
      title: 'self-detected hard LOCKUP at $1',
      joins: ['hard-lockup'],
    },
    {
      class: 'hard-lockup',
      source: 'arch/powerpc/kernel/watchdog.c',
      pattern: /^watchdog: CPU \d+ detected hard LOCKUP on other CPUs/,
      title: 'detected hard LOCKUP on other CPUs',
      lines: 60,
      joins: ['hard-lockup'],
    },
    {
      class: 'hard-lockup',
      source: 'arch/powerpc/kernel/watchdog.c',
      pattern: /^watchdog: CPU \d+ Hard LOCKUP/,
      title: 'Hard LOCKUP',
      joins: ['hard-lockup'],
    },
  ],
  kvm: [
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_hv.c',
      pattern: /^(KVM trap in HV mode(?: while nested)?)!/,
      title: '$1',
    },
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_hv_nestedv2.c',
      pattern: /^(KVM-NESTEDv2: couldn't .*)/,
      title: '$1',
    },
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_hv.c',
      pattern: /^(KVM Guest Run VCPU hcall failed)/,
      title: '$1',
    },
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_hv.c',
      pattern: /^(KVM: Guest Run VCPU invalid element (?:id|size|value)) at /,
      title: '$1',
      joins: ['kvm-entry'],
    },
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_hv.c, arch/powerpc/kvm/book3s_hv_nestedv2.c',
      pattern: /^(KVM: Create Guest (?:vcpu )?hcall failed, rc=-?\d+)/,
      title: '$1',
    },
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_hv.c',
      pattern: /^KVM: (couldn't grab cpu|CPU \d+ seems to be stuck)/,
      title: 'KVM: $1',
    },
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_64_mmu_radix.c, arch/powerpc/kvm/book3s_64_mmu_hv.c',
      pattern: /^(KVM: (?:Got unsupported MMU fault|Oops, kvmppc_h_enter returned too hard!))/,
      title: '$1',
    },
    {
      class: 'kvm-entry',
      source: 'arch/powerpc/kvm/book3s_hv.c',
      pattern: /^(trap=0x[0-9a-f]+) \| pc=0x[0-9a-f]+ \| msr=0x[0-9a-f]+/,
      title: 'KVM: guest exit not handled, $1',
      joins: ['kvm-entry'],
    },
  ],
  machine: [
    {
      class: 'xmon',
      source: 'arch/powerpc/xmon/xmon.c',
      pattern: /^cpu 0x[0-9a-f]+: (Vector: [0-9a-f]+ +\(.*?\))/,
      title: 'xmon: $1',
      joins: ['xmon'],
      fatal: true,
    },
    {
      class: 'xmon',
      source: 'arch/powerpc/xmon/xmon.c',
      pattern: /^[0-9a-f]+:mon>/,
      title: 'xmon: prompt',
      joins: ['xmon'],
      fatal: true,
    },
    {
      class: 'skiboot-assert',
      source: 'core/utils.c of skiboot',
      pattern: /^< (assert failed at \S+:\d+) >/,
      title: 'skiboot: $1',
      joins: ['skiboot-assert'],
      fatal: true,
    },
    {
      class: 'skiboot-assert',
      source: 'core/exceptions.c of skiboot',
      pattern: /^(Fatal (?:System Reset|TRAP|MCE|HMI|Exception 0x[0-9a-f]+)) at [0-9a-f]{16}/,
      title: 'skiboot: $1',
      joins: ['skiboot-assert'],
      fatal: true,
    },
    {
      class: 'checkstop',
      source: 'arch/powerpc/platforms/powernv/opal.c',
      pattern: /^opal: (Hardware platform error: .*)/,
      title: '$1',
      joins: ['checkstop'],
      fatal: true,
    },
    {
      class: 'checkstop',
      source: 'arch/powerpc/platforms/powernv/opal-hmi.c',
      pattern: /^(\w+ Hypervisor Maintenance interrupt \[Not recovered\])/,
      title: '$1',
      joins: ['checkstop'],
      fatal: true,
    },
    {
      class: 'checkstop',
      source: 'arch/powerpc/platforms/powernv/opal-hmi.c',
      pattern: /^((?:NX|NPU) checkstop on (?:CHIP|chip)|Unknown (?:Core|NX) check stop)/,
      title: '$1',
      joins: ['checkstop'],
    },
    {
      class: 'checkstop',
      source: 'target/ppc/ of QEMU',
      pattern: /Entering checkstop state/i,
      title: 'checkstop',
      fatal: true,
    },
    {
      class: 'machine-check',
      source: 'arch/powerpc/kernel/mce.c',
      pattern:
        /^MCE: CPU\d+: machine check \(\w+\)((?: +(?!DAR: )[^ []+)*) *(?:DAR: [^[]*)?\[Not recovered\]/,
      title: 'machine check: $1',
    },
    {
      class: 'machine-check',
      source: 'arch/powerpc/platforms/pseries/ras.c',
      pattern: /^(Machine check interrupt (?:is fatal|unrecoverable))/,
      title: '$1',
      joins: ['machine-check'],
    },
  ],
  // show_regs(): `NIP [c000000000123456] func+0x10/0x20`
  programCounter: /\bNIP \[[0-9a-f]+\] ([^\s+]+)\+0x/,
};
