// SPDX-License-Identifier: MIT
import type { Architecture } from '../architecture.js';
import { elfImage } from '../image-formats.js';
import { faults } from './faults.js';
import { machines } from './machines.js';

/** POWER, little-endian: KVM-HV, and KVM-PR where there is no hypervisor mode. */
export const powerpc: Architecture = {
  name: 'powerpc',
  title: 'POWER (ppc64le)',
  word: 'ppc64le',
  node: 'ppc64',
  uname: 'ppc64le',
  debian: 'ppc64el',
  triplet: 'powerpc64le-linux-gnu',
  qemu: {
    program: 'qemu-system-ppc64',
    variable: 'BUSYGUEST_QEMU',
    packages: { apt: 'qemu-system-ppc', dnf: 'qemu-system-ppc-core', zypper: 'qemu-ppc' },
    firmware: ['vof.bin', 'slof.bin', 'skiboot.lid'],
    firmwarePackages: [],
    firmwareFolders: [],
  },
  kcidb: 'powerpc64le',
  lava: 'ppc64',
  image: {
    goal: 'vmlinux',
    path: 'vmlinux',
    formats: [
      elfImage('vmlinux', { bits: 64, machine: 21, order: 'little' }),
      // A wrapper that unpacks the kernel; one of 32 bits may be big-endian.
      elfImage('zImage', { bits: 32, machine: 20 }),
    ],
    hint: 'give a vmlinux or zImage, or packages of the architecture ppc64el (ppc64le)',
    newestPackage: 'linux-image-powerpc64le',
    packageEnding: /-powerpc64le(?:-\d+k)?$/,
  },
  faults,
  kvm: {
    source: 'arch/powerpc/kvm/book3s_hv.c',
    host: 'POWER host with KVM-HV',
    kinds: ['HV', 'PR'],
    entry(facts) {
      if (facts['kvm'] === 'PR') return 'kvmppc_prepare_to_enter() (arch/powerpc/kvm/powerpc.c)';
      const isOld = /POWER[78]/i.test(facts['cpu'] ?? '');
      const name = isOld ? 'kvmppc_run_vcpu()' : 'kvmhv_run_single_vcpu()';
      return `${name} (arch/powerpc/kvm/book3s_hv.c)`;
    },
    module: 'kvm_hv',
    hostModules: ['kvm_hv'],
    // What the host's CPU can do (kvmppc_read_int_cpu_dt(), target/ppc/kvm.c of QEMU): ibm,dec-bits and others.
    hostFiles: ['/sys/firmware/devicetree/base'],
    needs: ['kvm', 'irqbypass'],
    fact: 'kernel_kvm_hv',
    symbol: 'KVM_BOOK3S_64_HV',
    // The memory that guests' page tables come from is set aside at boot, so its name is there although KVM is a module.
    marks: { builtIn: ['kvm_hv.'], module: ['kvm_cma'] },
    config: [
      { symbols: ['CPU_LITTLE_ENDIAN'], values: ['y'], why: 'the test is a ppc64le program' },
      {
        symbols: ['KVM_BOOK3S_64_HV', 'KVM_BOOK3S_64_PR'],
        values: ['y', 'm'],
        why: 'KVM, in hypervisor mode or without',
      },
    ],
    console: { symbols: ['HVC_CONSOLE', 'HVC_OPAL'], values: ['y'], why: 'the console' },
  },
  configFacts(config) {
    const on = (symbol: string): boolean => config.get(symbol) === 'y';
    const platforms = [
      ...(on('PPC_PSERIES') && on('HVC_CONSOLE') ? ['pseries'] : []),
      ...(on('PPC_POWERNV') && on('HVC_OPAL') ? ['powernv'] : []),
    ];
    return {
      kernel_page_size: on('PPC_64K_PAGES') ? '64k' : '4k',
      // The machines whose console it has.
      kernel_platforms: platforms.join(' '),
    };
  },
  machines,
  // Those of KVM-HV: distributions' kernels have no KVM-PR.
  everyPath: [
    'qemu-pseries-p9',
    'qemu-pseries-p10',
    'qemu-pseries-p11',
    'qemu-pseries-papr-p10',
    'qemu-pseries-papr-p11',
    'qemu-powernv8',
    'qemu-powernv9',
    'qemu-powernv10',
  ],
};
