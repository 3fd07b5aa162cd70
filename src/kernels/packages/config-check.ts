// SPDX-License-Identifier: MIT
import type { Architecture, Config, Need } from '../../architectures/architecture.js';

/** Reads a .config. */
export function readConfig(text: string): Config {
  const lines = text.matchAll(/^CONFIG_(\w+)=(.*)$/gm);
  return new Map([...lines].map(([, name = '', value = '']) => [name, value]));
}

const builtIn = ['y'];
/** What the test needs on every architecture beside its KVM and its console. */
const needs: readonly Need[] = [
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
];

/** Something that the test needs and a config lacks. */
export interface Lack {
  /** Without `CONFIG_`. One of them would do. */
  readonly symbols: readonly string[];
  /** `CONFIG_CFS_BANDWIDTH=y (cpu.max, the limit under test)`. */
  readonly text: string;
}

/** Whose config it is. */
interface Of {
  readonly architecture: Architecture;
  /** Whether there are modules too; else what is one counts as lacking. */
  readonly modules: boolean;
}

/** What the test needs and the config lacks. */
export function lacks(config: Config, { architecture: { kvm }, modules }: Of): Lack[] {
  const usable = ({ values }: Need): readonly string[] =>
    values.filter((value) => modules || value !== 'm');
  const has = (need: Need): boolean =>
    need.symbols.some((symbol) => usable(need).includes(config.get(symbol) ?? 'n'));
  return [...kvm.config, ...needs, kvm.console]
    .filter((need) => !has(need))
    .map((need) => {
      const names = need.symbols.map((symbol) => `CONFIG_${symbol}`).join(' or ');
      return { symbols: need.symbols, text: `${names}=${usable(need).join('|')} (${need.why})` };
    });
}

/** The same as lines. */
export const missingConfig = (config: Config, of: Of): string[] =>
  lacks(config, of).map(({ text }) => text);

/** What a reader of the report should know of a config. */
export function configFacts(config: Config, architecture: Architecture): Record<string, string> {
  const on = (symbol: string): boolean => config.get(symbol) === 'y';
  const { kvm } = architecture;
  return {
    ...architecture.configFacts?.(config),
    [kvm.fact]: config.get(kvm.symbol) ?? 'n',
    kernel_preempt:
      ['PREEMPT', 'PREEMPT_LAZY', 'PREEMPT_VOLUNTARY', 'PREEMPT_NONE'].find(on) ?? 'unknown',
  };
}
