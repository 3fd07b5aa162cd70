// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { JobResult } from '../../src/model/result.js';
import type { Status } from '../../src/model/status.js';
import { projectDir } from '../../src/system/files.js';
import { fix } from '../integration/matrix.js';
import { joinMutants, mutantsDir, type MutantKernel } from './build.js';

/** A kernel of another shape: a patch on top of the right one. */
export interface RightKernel {
  readonly name: string;
  readonly what: string;
  /** Names a list of devices in `reach`: those that run the code that is different. */
  readonly 'reached-by': string;
}

/** A kernel that is wrong on purpose. */
export interface WrongKernel extends RightKernel {
  /** Devices on which the basic suite does not see it. */
  readonly 'basic-misses'?: readonly string[];
  /** Cases of which the full suite must fail at least one. */
  readonly 'caught-by'?: readonly string[];
  /** Part of the title of a fault that the full suite must see. */
  readonly fault?: string;
}

/** mutants.yaml. */
export interface Mutants {
  /** One for each way through the kernel; with BUSYGUEST_MUTANT_DEVICES=all every one. */
  readonly devices: readonly string[];
  readonly reach: Readonly<Record<string, readonly string[]>>;
  readonly wrong: readonly WrongKernel[];
  readonly right: readonly RightKernel[];
}

/** What is asked: the quick suite and the whole one. */
export const suites = { basic: 'pre-pull', full: 'full' } as const;
export type Suite = keyof typeof suites;

const source = 'debian:linux-source';

/** Reads mutants.yaml. */
export async function readMutants(): Promise<Mutants> {
  const text = await readFile(join(mutantsDir, 'mutants.yaml'), 'utf8');
  const { 'more-devices': more, ...mutants } = parse(text) as Mutants & {
    readonly 'more-devices': readonly string[];
  };
  if (process.env['BUSYGUEST_MUTANT_DEVICES'] !== 'all') return mutants;
  return { ...mutants, devices: [...mutants.devices, ...more] };
}

/** The devices on which a kernel is tried: those that reach what is different. */
export function devicesOf(mutants: Mutants, kernel: RightKernel): readonly string[] {
  const reach = mutants.reach[kernel['reached-by']];
  if (reach === undefined) throw new Error(`mutants.yaml: no reach ${kernel['reached-by']}`);
  return mutants.devices.filter((device) => reach.includes(device));
}

interface ShippedMatrix {
  readonly tests: readonly { readonly name: string }[];
  readonly exclude?: readonly { readonly device?: string | undefined; readonly test?: string }[];
}

/** Jobs of a suite have its name before their test's. */
const testName = (suite: Suite, test: string): string => `${suite}-${test}`;

async function shipped(suite: Suite): Promise<ShippedMatrix> {
  const file = join(projectDir, 'jobs', `${suites[suite]}.yaml`);
  const { tests, exclude = [] } = parse(await readFile(file, 'utf8')) as ShippedMatrix;
  return {
    tests: tests.map((test) => ({ ...test, name: testName(suite, test.name) })),
    exclude: exclude
      .filter(({ test }) => test !== undefined)
      .map(({ device, test = '' }) => ({ device, test: testName(suite, test) })),
  };
}

/** Joins the patches of all; what is joined is written into `dir`. */
export function buildMutants(
  { wrong, right }: Mutants,
  dir: string,
): Promise<ReadonlyMap<string, MutantKernel>> {
  const names = [...wrong, ...right].map(({ name }) => name);
  return joinMutants(source, fix.add, names, dir, AbortSignal.timeout(600_000));
}

/** A job matrix for one suite with a kernel for each, on the devices on which it is asked, as text; JSON is YAML. */
export async function mutantMatrix(
  mutants: Mutants,
  built: ReadonlyMap<string, MutantKernel>,
  suite: Suite,
  isAsked: (kernel: RightKernel, device: string) => boolean,
): Promise<string> {
  const { devices, wrong, right } = mutants;
  const { tests, exclude = [] } = await shipped(suite);
  const asked = (kernel: RightKernel): readonly string[] =>
    devicesOf(mutants, kernel).filter((device) => isAsked(kernel, device));
  // What no device reaches is not built.
  const kernels = [...wrong, ...right].filter((kernel) => asked(kernel).length > 0);
  const used = devices.filter((device) => kernels.some((one) => asked(one).includes(device)));
  const matrix = {
    name: `mutants-${suite}`,
    fix,
    kernels: kernels.map((kernel) => ({
      name: kernel.name,
      source,
      fix: 'present',
      ...built.get(kernel.name),
      expect: wrong.some(({ name }) => name === kernel.name) ? 'FAIL' : 'PASS',
    })),
    devices: used,
    tests,
    exclude: [
      ...exclude.filter(({ device }) => device === undefined || used.includes(device)),
      ...kernels.flatMap((kernel) =>
        used
          .filter((device) => !asked(kernel).includes(device))
          .map((device) => ({ kernel: kernel.name, device })),
      ),
    ],
  };
  return JSON.stringify(matrix, undefined, 2);
}

/**
 * Whether the full suite need not be asked of a kernel: it has every case of the basic one, in the same order, so it
 * says FAIL where that does.
 */
export const fullIsKnown = (basic: SuiteResult): boolean => basic.status === 'FAIL';

/** What a suite says of a kernel on a device: the worst of its jobs; undefined where none was run. */
export interface SuiteResult {
  readonly status: Status | undefined;
  /** Names of the cases that failed, each once. */
  readonly failed: readonly string[];
  readonly faults: readonly string[];
  readonly reasons: readonly string[];
}

const worst: readonly Status[] = ['FAIL', 'ERROR', 'MISS', 'PASS', 'SKIP'];

/** Joins the jobs of a suite. */
export function suiteResult(
  jobs: readonly JobResult[],
  suite: Suite,
  kernel: string,
  device: string,
): SuiteResult {
  const own = jobs.filter(
    (job) =>
      job.kernel === kernel && job.device === device && job.test.startsWith(testName(suite, '')),
  );
  const cases = own.flatMap((job) => job.cases).filter(({ status }) => status === 'FAIL');
  return {
    status: worst.find((status) => own.some((job) => job.status === status)),
    failed: [...new Set(cases.map(({ name }) => name))],
    faults: own.flatMap(({ faults }) => faults.map(({ title }) => title)),
    reasons: own.map(({ test, status, reason }) => `${test} ${status}: ${reason}`),
  };
}
