// SPDX-License-Identifier: MIT

/** A kernel's config: values by name, without `CONFIG_`; what is not set is not there. */
export type Config = ReadonlyMap<string, string>;

/** Reads a .config. */
export function readConfig(text: string): Config {
  const lines = text.matchAll(/^CONFIG_(\w+)=(.*)$/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, value]));
}

interface Need {
  /** One of these must be set. */
  readonly symbols: readonly string[];
  readonly values: readonly string[];
  readonly why: string;
}

const builtIn = ['y'];
const needs: readonly Need[] = [
  { symbols: ['CPU_LITTLE_ENDIAN'], values: builtIn, why: 'the test is a ppc64le program' },
  {
    symbols: ['KVM_BOOK3S_64_HV', 'KVM_BOOK3S_64_PR'],
    values: ['y', 'm'],
    why: 'KVM, in hypervisor mode or without',
  },
  { symbols: ['CGROUPS'], values: builtIn, why: 'control groups' },
  { symbols: ['CGROUP_SCHED'], values: builtIn, why: "the cgroup's cpu controller" },
  { symbols: ['FAIR_GROUP_SCHED'], values: builtIn, why: 'scheduling by group' },
  { symbols: ['CFS_BANDWIDTH'], values: builtIn, why: 'cpu.max, the limit under test' },
  { symbols: ['PROC_FS'], values: builtIn, why: 'what the kernel says of CPUs and processes' },
  // One symbol since 7.3.
  { symbols: ['PROC_SYSCTL', 'SYSCTL'], values: builtIn, why: 'the slice of the limit' },
  { symbols: ['BLK_DEV_INITRD'], values: builtIn, why: 'the test comes as an initramfs' },
  { symbols: ['DEVTMPFS'], values: builtIn, why: '/dev/kvm' },
  { symbols: ['BINFMT_ELF'], values: builtIn, why: 'programs' },
  { symbols: ['HVC_CONSOLE', 'HVC_OPAL'], values: builtIn, why: 'the console' },
];

/** Something that the test needs and a config lacks. */
export interface Lack {
  /** Without `CONFIG_`. One of them would do. */
  readonly symbols: readonly string[];
  /** `CONFIG_CFS_BANDWIDTH=y (cpu.max, the limit under test)`. */
  readonly text: string;
}

/**
 * What the test needs and the config lacks.
 * @param modules whether there are modules too; else what is one counts as lacking
 */
export function lacks(config: Config, { modules } = { modules: true }): Lack[] {
  const usable = ({ values }: Need): readonly string[] =>
    values.filter((value) => modules || value !== 'm');
  const has = (need: Need): boolean =>
    need.symbols.some((symbol) => usable(need).includes(config.get(symbol) ?? 'n'));
  return needs
    .filter((need) => !has(need))
    .map((need) => {
      const names = need.symbols.map((symbol) => `CONFIG_${symbol}`).join(' or ');
      return { symbols: need.symbols, text: `${names}=${usable(need).join('|')} (${need.why})` };
    });
}

/** The same as lines. */
export const missingConfig = (config: Config, how = { modules: true }): string[] =>
  lacks(config, how).map(({ text }) => text);

/** What a reader of the report should know of a config. `kernel_platforms`: the machines whose console it has. */
export function configFacts(config: Config): Record<string, string> {
  const on = (symbol: string): boolean => config.get(symbol) === 'y';
  const platforms = [
    ...(on('PPC_PSERIES') && on('HVC_CONSOLE') ? ['pseries'] : []),
    ...(on('PPC_POWERNV') && on('HVC_OPAL') ? ['powernv'] : []),
  ];
  return {
    kernel_page_size: on('PPC_64K_PAGES') ? '64k' : '4k',
    kernel_platforms: platforms.join(' '),
    kernel_kvm_hv: config.get('KVM_BOOK3S_64_HV') ?? 'n',
    kernel_preempt:
      ['PREEMPT', 'PREEMPT_LAZY', 'PREEMPT_VOLUNTARY', 'PREEMPT_NONE'].find(on) ?? 'unknown',
  };
}
