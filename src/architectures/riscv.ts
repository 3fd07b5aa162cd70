// SPDX-License-Identifier: MIT
import type { Architecture, Faults } from './architecture.js';
import { bootImage } from './image-formats.js';
import type { QemuMachine } from './machine.js';

const machine = {
  architecture: 'riscv',
  machine: 'virt',
  accel: 'tcg',
  memoryMb: 512,
  options: [],
  extra: [],
  icountSince: [7, 2],
  sameBytes: true,
  console: 'ttyS0',
  payload: [],
} as const;

/** @param cpu what its ISA string says */
const promise = (cpu: RegExp): QemuMachine['promised'] => ({
  platform: /^riscv-virtio,qemu$/,
  cpu,
  kvm: /^H$/,
});

const machines: readonly QemuMachine[] = [
  {
    ...machine,
    name: 'qemu-riscv-sstc',
    title: 'RISC-V with the H extension and Sstc: kvm_arch_vcpu_ioctl_run()',
    cpu: 'max',
    promised: promise(/_sstc(?:_|$)/),
  },
  {
    ...machine,
    name: 'qemu-riscv-timer-by-sbi',
    title: 'RISC-V with the H extension, timers by the firmware: kvm_arch_vcpu_ioctl_run()',
    cpu: 'rv64,h=true,sstc=off',
    promised: promise(/^rv64(?!.*_sstc)/),
  },
  {
    ...machine,
    name: 'qemu-riscv-aia',
    title: 'RISC-V with the H extension and AIA: kvm_arch_vcpu_ioctl_run()',
    cpu: 'max',
    promised: promise(/_ssaia(?:_|$)/),
    options: [
      { flag: 'aia=aplic-imsic', why: 'the interrupt controller that guests can have, too' },
    ],
  },
];

/** Of arch/riscv/ of Linux 7.2; how it tells of an address, arm64 does too. */
const faults: Faults = {
  crash: [
    {
      class: 'oops',
      source: 'arch/riscv/kernel/traps.c',
      pattern: /^(Oops|Kernel BUG)(?: - (.+?))? \[#\d+\]/,
      title: '$1 $2',
      lines: 60,
      joins: ['oops', 'bug'],
      atProgramCounter: true,
    },
  ],
  lockups: [],
  kvm: [],
  machine: [],
  // __show_regs(): `epc : func+0x10/0x20`
  programCounter: /^(?:\[[^\]]*\] *)?epc : ([^\s+]+)\+0x/,
};

/** RISC-V with the hypervisor extension. */
export const riscv: Architecture = {
  name: 'riscv',
  title: 'RISC-V (riscv64)',
  word: 'riscv64',
  node: 'riscv64',
  uname: 'riscv64',
  debian: 'riscv64',
  triplet: 'riscv64-linux-gnu',
  qemu: {
    program: 'qemu-system-riscv64',
    variable: 'BUSYGUEST_QEMU_RISCV',
    // In Debian 12 it is a part of qemu-system-misc; its backports and all later have it.
    packages: { apt: 'qemu-system-riscv', dnf: 'qemu-system-riscv-core', zypper: 'qemu-extra' },
    firmware: ['opensbi-riscv64-generic-fw_dynamic.bin'],
    firmwarePackages: ['opensbi'],
    firmwareFolders: ['usr/lib/riscv64-linux-gnu/opensbi/generic'],
  },
  kcidb: 'riscv',
  lava: 'riscv64',
  image: {
    goal: 'Image',
    path: 'arch/riscv/boot/Image',
    formats: [bootImage('Image', 0x38, 'RSC\u0005')],
    hint: 'give an Image, or packages of the architecture riscv64',
    newestPackage: 'linux-image-riscv64',
    packageEnding: /-riscv64$/,
  },
  faults,
  kvm: {
    source: 'arch/riscv/kvm/vcpu.c',
    host: 'RISC-V host with KVM and nesting',
    kinds: ['H'],
    entry: () => 'kvm_arch_vcpu_ioctl_run() (arch/riscv/kvm/vcpu.c)',
    module: 'kvm',
    hostModules: ['kvm'],
    hostFiles: [],
    needs: ['irqbypass'],
    fact: 'kernel_kvm',
    symbol: 'KVM',
    marks: { builtIn: [], module: [] },
    config: [{ symbols: ['KVM'], values: ['y', 'm'], why: 'KVM' }],
    console: { symbols: ['SERIAL_8250_CONSOLE'], values: ['y'], why: 'the console' },
  },
  machines,
  everyPath: machines.map(({ name }) => name),
};
