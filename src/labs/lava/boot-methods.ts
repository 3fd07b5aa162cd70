// SPDX-License-Identifier: MIT
import { UsageError } from '../../model/errors.js';
import type { LavaPriority } from './job.js';

/** What we need to know about one of LAVA's ways to boot the kernel under test. */
export interface BootMethod {
  /** LAVA device type where the user names none; undefined: each lab has a name of its own. */
  readonly deviceType?: string;
  /** The kernel under test runs there already: the job brings the payload only. */
  readonly isRunning?: true;
  /** `run --lava` can take it; the others are for `generate` only. */
  readonly isRun?: true;
  /** What a machine needs before a kernel of ours can start, beside the job's own time, wall milliseconds. */
  readonly firmwareMs: number;
  /** From a device that LAVA has taken to its power-on, wall milliseconds: fetching, petitboot, POST. */
  readonly deployMs: number;
  /** What of labs/lava/ a lab needs for it. */
  readonly shipped: readonly string[];
}

/**
 * The ways to boot: `qemu` starts the machines of the matrix; `petitboot` and `kexec` boot a real
 * machine; with `ssh` and `minimal` nothing is booted.
 */
const bootMethods = {
  qemu: { deviceType: 'qemu', isRun: true, firmwareMs: 0, deployMs: 300_000, shipped: [] },
  petitboot: {
    deviceType: 'petitboot',
    isRun: true,
    firmwareMs: 900_000,
    deployMs: 1_800_000,
    shipped: ['device-types/petitboot.jinja2', 'devices/petitboot-01.jinja2'],
  },
  kexec: { isRun: true, firmwareMs: 900_000, deployMs: 1_800_000, shipped: [] },
  ssh: {
    deviceType: 'ssh',
    isRunning: true,
    firmwareMs: 0,
    deployMs: 0,
    shipped: ['test-definitions/busy-guest.yaml'],
  },
  minimal: {
    isRunning: true,
    firmwareMs: 900_000,
    deployMs: 0,
    shipped: ['test-definitions/busy-guest.yaml'],
  },
} as const satisfies Readonly<Record<string, BootMethod>>;

export type LavaBoot = keyof typeof bootMethods;

/** Their names. */
export const lavaBoots = Object.keys(bootMethods) as readonly LavaBoot[];

/** A row of the table. */
export const bootMethod = (boot: LavaBoot): BootMethod => bootMethods[boot];

/** LAVA's words for it; a number from 0 to 100 is the other form (lava_common/schemas). */
const priorities = ['low', 'medium', 'high'] as const;

/** The method that an option names, out of those that it may name. Throws UsageError. */
export function parseBootMethod(
  option: string,
  text: string,
  among: readonly LavaBoot[],
): LavaBoot {
  const boot = among.find((one) => one === text);
  if (boot !== undefined) return boot;
  const others = among.length < lavaBoots.length ? ' (others: see busyguest generate)' : '';
  throw new UsageError(`${option} ${text}: one of ${among.join(', ')} is needed${others}`);
}

/**
 * LAVA's name for the machines that a job is for.
 * @param option the one that would name it
 * @throws UsageError where the method has no name of its own
 */
export function deviceTypeOf(boot: LavaBoot, option: string, given: string | undefined): string {
  const type = given ?? bootMethod(boot).deviceType;
  if (type !== undefined && /^[\w.-]+$/.test(type)) return type;
  throw new UsageError(
    `${option} is needed for ${boot}: the name that the lab has for that kind of machine`,
  );
}

/** A job's priority. Throws UsageError. */
export function parsePriority(option: string, text: string): LavaPriority {
  const word = priorities.find((one) => one === text);
  if (word !== undefined) return word;
  const number = Number(text);
  if (text.trim() !== '' && Number.isInteger(number) && number >= 0 && number <= 100) return number;
  throw new UsageError(`${option} ${text}: low, medium, high, or a number from 0 to 100`);
}
