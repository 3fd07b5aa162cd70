// SPDX-License-Identifier: MIT
import type { Architecture, Faults } from './architecture.js';
import { bootImage } from './image-formats.js';
import type { Flag, QemuMachine } from './machine.js';

const el2: Flag = {
  flag: 'virtualization=on',
  why: 'the kernel under test is to be a KVM host itself: it is started at EL2',
};
const gic = (version: 2 | 3): Flag => ({
  flag: `gic-version=${version}`,
  why: `the interrupt controller is a GICv${version}`,
});

const machine = {
  architecture: 'arm64',
  machine: 'virt',
  accel: 'tcg',
  memoryMb: 512,
  options: [el2, gic(3)],
  extra: [],
  icountSince: [7, 2],
  sameBytes: true,
  console: 'ttyAMA0',
  payload: [],
} as const;

/** @param part of its MIDR_EL1 */
const promise = (kvm: string, part: string): QemuMachine['promised'] => ({
  platform: /^linux,dummy-virt$/,
  cpu: new RegExp(`part ${part}$`),
  kvm: new RegExp(`^${kvm}$`),
});

const emulated: readonly QemuMachine[] = [
  {
    ...machine,
    name: 'qemu-arm64-vhe',
    title: 'arm64 with VHE, GICv3: kvm_arch_vcpu_ioctl_run()',
    cpu: 'cortex-a76',
    promised: promise('VHE', '0xd0b'),
  },
  {
    ...machine,
    name: 'qemu-arm64-nvhe',
    title: 'arm64 without VHE, GICv3: kvm_arch_vcpu_ioctl_run()',
    cpu: 'cortex-a53',
    promised: promise('nVHE', '0xd03'),
  },
  {
    ...machine,
    name: 'qemu-arm64-pkvm',
    title: 'arm64, protected KVM: kvm_arch_vcpu_ioctl_run()',
    cpu: 'cortex-a76',
    kernel: [
      { flag: 'kvm-arm.mode=protected', why: 'the hypervisor is apart from the host (pKVM)' },
    ],
    promised: promise('pKVM', '0xd0b'),
  },
  {
    ...machine,
    name: 'qemu-arm64-gicv2',
    title: 'arm64 without VHE, GICv2: kvm_arch_vcpu_ioctl_run()',
    cpu: 'cortex-a57',
    options: [el2, gic(2)],
    promised: promise('nVHE', '0xd07'),
  },
];

/** A machine under this host's KVM, which gives EL2 to guests only on CPUs with FEAT_NV2. */
const underKvm: QemuMachine = {
  ...machine,
  name: 'kvm-arm64-vhe',
  title: "arm64 under this host's KVM, nested: kvm_arch_vcpu_ioctl_run()",
  accel: 'kvm',
  cpu: 'host',
  icountSince: undefined,
  promised: { platform: /^linux,dummy-virt$/, kvm: /^VHE$/ },
};

/** Of arch/arm64/ of Linux 7.2. */
const faults: Faults = {
  crash: [
    {
      class: 'oops',
      source: 'arch/arm64/mm/fault.c, arch/riscv/mm/fault.c',
      pattern: /^(Unable to handle kernel .+?) at virtual address [0-9a-f]+/,
      title: '$1',
      lines: 60,
      atProgramCounter: true,
    },
    {
      class: 'oops',
      source: 'arch/arm64/kernel/traps.c',
      pattern: /^Internal error: (.+?): [0-9a-f]{8,16} \[#\d+\]/,
      title: 'Internal error: $1',
      lines: 60,
      joins: ['oops', 'bug'],
      atProgramCounter: true,
    },
    {
      class: 'oops',
      source: 'arch/arm64/kernel/debug-monitors.c',
      pattern: /^(Unexpected kernel (?:BRK|single-step) exception at EL1)/,
      title: '$1',
    },
  ],
  lockups: [],
  kvm: [
    {
      class: 'kvm-entry',
      source: 'arch/arm64/kvm/handle_exit.c',
      pattern:
        /^kvm \[\d+\]: (nVHE hyp (?:BUG at: \S+:\d+|panic)|Invalid host exception to nVHE hyp)/,
      title: '$1',
    },
  ],
  machine: [],
  // __show_regs(): `pc : func+0x10/0x20`
  programCounter: /^(?:\[[^\]]*\] *)?pc : ([^\s+]+)\+0x/,
};

/** arm64 at EL2. */
export const arm64: Architecture = {
  name: 'arm64',
  title: 'arm64',
  word: 'arm64',
  node: 'arm64',
  uname: 'aarch64',
  debian: 'arm64',
  triplet: 'aarch64-linux-gnu',
  qemu: {
    program: 'qemu-system-aarch64',
    variable: 'BUSYGUEST_QEMU_ARM64',
    packages: { apt: 'qemu-system-arm', dnf: 'qemu-system-aarch64-core', zypper: 'qemu-arm' },
    firmware: [],
    firmwarePackages: [],
    firmwareFolders: [],
  },
  kcidb: 'arm64',
  lava: 'arm64',
  image: {
    goal: 'Image',
    path: 'arch/arm64/boot/Image',
    formats: [bootImage('Image', 0x38, 'ARM\u0064')],
    hint: 'give an Image, or packages of the architecture arm64 (aarch64)',
    newestPackage: 'linux-image-arm64',
    packageEnding: /-arm64(?:-\d+k)?$/,
  },
  faults,
  kvm: {
    source: 'arch/arm64/kvm/arm.c',
    host: 'arm64 host with KVM and nesting',
    kinds: ['VHE', 'nVHE', 'pKVM'],
    entry: () => 'kvm_arch_vcpu_ioctl_run() (arch/arm64/kvm/arm.c)',
    module: 'kvm',
    hostModules: ['kvm'],
    hostFiles: [],
    needs: [],
    fact: 'kernel_kvm',
    symbol: 'KVM',
    marks: { builtIn: ['kvm-arm.mode'], module: [] },
    config: [{ symbols: ['KVM'], values: ['y'], why: 'KVM' }],
    console: { symbols: ['SERIAL_AMBA_PL011_CONSOLE'], values: ['y'], why: 'the console' },
  },
  configFacts: (config) => ({
    kernel_page_size:
      ['4k', '16k', '64k'].find(
        (size) => config.get(`ARM64_${size.toUpperCase()}_PAGES`) === 'y',
      ) ?? 'unknown',
  }),
  machines: [...emulated, underKvm],
  everyPath: emulated.map(({ name }) => name),
};
