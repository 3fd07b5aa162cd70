// SPDX-License-Identifier: MIT
import type { FaultPattern } from './fault-pattern.js';

/** The guest was not entered, or was left in a way that KVM does not know. */
export const kvm: readonly FaultPattern[] = [
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
  {
    class: 'kvm-entry',
    source: "busyguest's payload",
    pattern: /^# fault: (KVM_(?:EXIT_\w+|RUN(?: of QEMU)?: [^,]+))/,
    title: '$1',
  },
  {
    class: 'hung-task',
    source: "busyguest's payload",
    pattern: /^# fault: (SCHEDULER: [^,]+)/,
    title: '$1',
  },
  {
    class: 'kvm-entry',
    source: 'accel/kvm/kvm-all.c of QEMU',
    pattern: /^(error: kvm run failed .*)/,
    title: '$1',
  },
];

/** Debugger, firmware and hardware. */
export const machine: readonly FaultPattern[] = [
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
];
