// SPDX-License-Identifier: MIT
import type { Architecture, Faults } from './architecture.js';
import { bootImage } from './image-formats.js';
import type { QemuMachine } from './machine.js';

const machine = {
  architecture: 'x86',
  accel: 'tcg',
  // SVM: TCG has no VMX.
  cpu: 'EPYC',
  memoryMb: 512,
  options: [],
  extra: [],
  icountSince: [7, 2],
  sameBytes: true,
  console: 'ttyS0',
  payload: [],
  promised: { mmu: /^NPT$/, cpu: /EPYC/, kvm: /^SVM$/ },
} as const;

const emulated: readonly QemuMachine[] = [
  {
    ...machine,
    name: 'qemu-x86-q35',
    title: 'x86-64 PC with SVM: vcpu_run()',
    machine: 'q35',
  },
  {
    ...machine,
    name: 'qemu-x86-microvm',
    title: 'x86-64 without PCI (microvm) with SVM: vcpu_run()',
    machine: 'microvm',
    options: ['pit', 'pic', 'rtc', 'isa-serial'].map((option) => ({
      flag: `${option}=on`,
      why: 'the timers and the console of a PC',
    })),
  },
];

/** A PC under this host's KVM, which gives it what the host's CPU has: SVM or VMX. */
const underKvm: QemuMachine = {
  ...machine,
  name: 'kvm-x86-q35',
  title: "x86-64 PC under this host's KVM, with SVM or VMX: vcpu_run()",
  machine: 'q35',
  accel: 'kvm',
  cpu: 'host',
  icountSince: undefined,
  promised: { mmu: /^(?:NPT|EPT)$/, kvm: /^(?:SVM|VMX)$/ },
};

/** `kernel_version` of the boot protocol (Documentation/arch/x86/boot.rst): where a bzImage says its release. */
function release(file: Buffer): string | undefined {
  const at = file.length > 0x210 ? file.readUInt16LE(0x20e) + 0x200 : 0;
  return /^\d+\.[\w.+~-]+/.exec(file.toString('latin1', at, at + 100))?.[0];
}

/** Of arch/x86/ of Linux 7.2. */
const faults: Faults = {
  crash: [
    {
      class: 'oops',
      source: 'arch/x86/mm/fault.c',
      pattern: /^BUG: (kernel NULL pointer dereference|unable to handle page fault)/,
      title: 'BUG: $1',
      lines: 60,
      atProgramCounter: true,
    },
    {
      class: 'oops',
      source: 'arch/x86/kernel/dumpstack.c',
      pattern: /^Oops: (.+?): [0-9a-f]{4} \[#\d+\]/,
      title: 'Oops: $1',
      lines: 60,
      joins: ['oops', 'bug'],
      atProgramCounter: true,
    },
    {
      class: 'oops',
      source: 'arch/x86/kernel/dumpstack.c before v6.9',
      pattern: /^(?:general protection fault|Oops)[^:]*: [0-9a-f]{4} \[#\d+\]/,
      title: 'Oops',
      lines: 60,
      joins: ['oops', 'bug'],
      atProgramCounter: true,
    },
  ],
  lockups: [],
  kvm: [],
  machine: [],
  // __show_regs(): `RIP: 0010:func+0x10/0x20`
  programCounter: /\bRIP: [0-9a-f]{4}:([^\s+]+)\+0x/,
};

/** x86-64. VMX runs on real machines only: no emulator has it. */
export const x86: Architecture = {
  name: 'x86',
  title: 'x86 (amd64)',
  word: 'amd64',
  node: 'x64',
  uname: 'x86_64',
  debian: 'amd64',
  triplet: 'x86_64-linux-gnu',
  qemu: {
    program: 'qemu-system-x86_64',
    variable: 'BUSYGUEST_QEMU_X86',
    packages: { apt: 'qemu-system-x86', dnf: 'qemu-system-x86-core', zypper: 'qemu-x86' },
    firmware: ['bios-256k.bin', 'bios-microvm.bin', 'linuxboot_dma.bin'],
    firmwarePackages: ['seabios'],
    firmwareFolders: ['usr/share/seabios'],
  },
  kcidb: 'x86_64',
  lava: 'x86_64',
  image: {
    goal: 'bzImage',
    path: 'arch/x86/boot/bzImage',
    formats: [bootImage('bzImage', 0x202, 'HdrS')],
    hint: 'give a bzImage, or packages of the architecture amd64 (x86_64)',
    release,
    newestPackage: 'linux-image-amd64',
    packageEnding: /-amd64$/,
  },
  faults,
  kvm: {
    source: 'arch/x86/kvm/x86.c',
    host: 'PC with KVM and nesting',
    kinds: ['SVM', 'VMX'],
    entry: () => 'vcpu_run() (arch/x86/kvm/x86.c)',
    module: 'kvm_amd',
    hostModules: ['kvm_amd', 'kvm_intel'],
    hostFiles: [],
    needs: ['kvm', 'irqbypass', 'ccp'],
    fact: 'kernel_kvm',
    symbol: 'KVM_AMD',
    marks: { builtIn: [], module: [] },
    config: [
      { symbols: ['X86_64'], values: ['y'], why: 'the test is a program of 64 bits' },
      { symbols: ['KVM_AMD', 'KVM_INTEL'], values: ['y', 'm'], why: 'KVM, by SVM or VMX' },
    ],
    console: { symbols: ['SERIAL_8250_CONSOLE'], values: ['y'], why: 'the console' },
  },
  machines: [...emulated, underKvm],
  everyPath: emulated.map(({ name }) => name),
};
