// SPDX-License-Identifier: MIT
import { dirname, resolve } from 'node:path';
import { runningKernel } from '../model/job.js';
import type { DeviceSpec, Job, JobMatrix, KernelSpec, TestSpec, Timeouts } from '../model/job.js';
import { linearPattern } from '../documents/pattern.js';
import type { Path } from '../documents/positions.js';
import { deviceArgument } from './machine-options.js';
import { parseLimit, periodOrDefault } from './schema.js';
import type { RawDevice, RawExclude, RawKernel, RawMatrix, RawTest } from './schema.js';
import { absoluteConfig, absoluteSource } from './sources.js';

/** One test after its lists were expanded, and where in the raw test its values stand. */
export interface ExpandedTest {
  readonly spec: TestSpec;
  /** The name as written, without suffixes. */
  readonly family: string;
  readonly vcpusPath: Path;
  readonly limitPath: Path;
  readonly secondsPath: Path;
}

/** One value of a parameter; `suffix` goes into the test's name and is empty where the user wrote no list. */
interface Choice<T> {
  readonly value: T;
  readonly suffix: string;
  readonly path: Path;
}

type Limit = Pick<TestSpec['parameters'], 'quotaUs' | 'periodUs'>;

/**
 * Kernels x devices x tests without the excluded ones, every path absolute against the folder of `file`.
 * `tree` stands in for the source of every kernel; its path is relative to the working directory.
 */
export function expandMatrix(raw: RawMatrix, file: string, tree?: string): JobMatrix {
  const dir = resolve(dirname(file));
  const source = tree === undefined ? undefined : absoluteSource(tree, process.cwd());
  const kernels = raw.kernels.map((kernel) => kernelSpec(kernel, dir, source));
  const tests = raw.tests.flatMap(expandTest);
  const timeouts = timeoutsOf(raw);
  const knownFaults = raw['known-faults'].map(({ title, reason }) => ({
    title: linearPattern(title),
    reason,
  }));
  const jobs = kernels.flatMap((kernel, index) =>
    raw.devices.flatMap((device) =>
      tests
        .filter(
          (test) =>
            !raw.exclude.some((rule) => matches(rule, kernel.name, deviceName(device), test)),
        )
        .map(({ spec }): Job => ({
          name: `${kernel.name}-${deviceName(device)}-${spec.name}`,
          kernel,
          device: deviceName(device),
          ...(typeof device === 'string' ? {} : { deviceSpec: deviceSpec(device) }),
          test: spec,
          expect: raw.kernels[index]?.['expect-on'][deviceName(device)] ?? kernel.expect,
          timeouts,
          knownFaults,
        })),
    ),
  );
  return { name: raw.name, file, kernels, ...fixOf(raw, dir), jobs };
}

/** The tests that one raw test stands for; each list multiplies them. Quota and period must be valid. */
export function expandTest(raw: RawTest): ExpandedTest[] {
  const vcpus = choices('vcpus', raw.vcpus, (value) => `-${value}vcpu`);
  const windows = choices('seconds', raw.seconds, (value) => `-${value}s`);
  return vcpus.flatMap((vcpu) =>
    limitChoices(raw).flatMap((limit) =>
      windows.map((window) => ({
        spec: {
          name: `${raw.name}${vcpu.suffix}${limit.suffix}${window.suffix}`,
          parameters: {
            ...limit.value,
            vcpus: vcpu.value,
            seconds: window.value,
            ...(raw.cpus === undefined ? {} : { cpus: raw.cpus }),
            ...(raw.cases === undefined ? {} : { cases: raw.cases }),
            ...(raw.tags === undefined ? {} : { tags: raw.tags }),
            ...(raw.trace && { trace: true }),
            ...(raw.vmm === undefined
              ? {}
              : { vmm: raw.vmm, vmmGuest: raw['vmm-guest'] ?? 'bare' }),
          },
        },
        family: raw.name,
        vcpusPath: vcpu.path,
        limitPath: limit.path,
        secondsPath: window.path,
      })),
    ),
  );
}

/** How many tests `expandTest` would give, without making them. */
export function testCount(raw: RawTest): number {
  const lists = [raw.vcpus, raw.seconds, raw.limits, raw['quota-us'], raw['period-us']];
  return lists.reduce<number>((count, list) => count * (Array.isArray(list) ? list.length : 1), 1);
}

/** The name of a device, built-in or described. */
export function deviceName(device: RawDevice): string {
  return typeof device === 'string' ? device : device.name;
}

function matches(rule: RawExclude, kernel: string, device: string, test: ExpandedTest): boolean {
  return (
    (rule.kernel === undefined || rule.kernel === kernel) &&
    (rule.device === undefined || rule.device === device) &&
    (rule.test === undefined || rule.test === test.spec.name || rule.test === test.family)
  );
}

function limitChoices(raw: RawTest): Choice<Limit>[] {
  if (raw.limits !== undefined) {
    return choices(
      'limits',
      raw.limits,
      (text) => `-${Object.values(parseLimit(text)).join('-')}`,
    ).map((choice) => ({ ...choice, value: parseLimit(choice.value) }));
  }
  const quotas = choices('quota-us', raw['quota-us'] ?? [], (value) => `-${value}`);
  const periods = choices('period-us', periodOrDefault(raw), (value) => `-${value}`);
  return quotas.flatMap((quota) =>
    periods.map((period) => ({
      value: { quotaUs: quota.value, periodUs: period.value },
      suffix: `${quota.suffix}${period.suffix}`,
      path: quota.path,
    })),
  );
}

function choices<T extends string | number>(
  key: string,
  raw: T | T[],
  suffix: (value: T) => string,
): Choice<T>[] {
  if (!Array.isArray(raw)) return [{ value: raw, suffix: '', path: [key] }];
  return raw.map((value, index) => ({ value, suffix: suffix(value), path: [key, index] }));
}

function kernelSpec(raw: RawKernel, dir: string, source: string | undefined): KernelSpec {
  return {
    name: raw.name,
    source: sourceOf(raw, dir, source),
    packages: packagesOf(raw, dir),
    commandLine: raw['command-line'],
    patches: raw.patches.map((path) => resolve(dir, path)),
    ...(raw.fix === undefined ? {} : { fix: raw.fix }),
    config: listOf(raw.config).map((entry) => absoluteConfig(entry, dir)),
    ...(typeof raw.config === 'string' && { configIsFull: true }),
    ...(raw.toolchain === undefined ? {} : { toolchain: raw.toolchain }),
    expect: raw.expect,
    ...(raw.base === undefined ? {} : { base: raw.base }),
  };
}

function sourceOf(raw: RawKernel, dir: string, instead: string | undefined): string {
  if (raw.package !== undefined) return '';
  if (raw.source === runningKernel) return runningKernel;
  return instead ?? absoluteSource(raw.source ?? '', dir);
}

function packagesOf(raw: RawKernel, dir: string): readonly string[] {
  return listOf(raw.package ?? []).map((one) => absoluteSource(one, dir));
}

const listOf = (given: string | readonly string[]): readonly string[] =>
  typeof given === 'string' ? [given] : given;

function deviceSpec(raw: Exclude<RawDevice, string>): DeviceSpec {
  return {
    name: raw.name,
    machine: raw.machine,
    ...(raw.cpu === undefined ? {} : { cpu: raw.cpu }),
    memoryMb: raw['memory-mb'],
    smp: raw.smp,
    accel: raw.accel,
    icount: raw.icount ?? raw.accel === 'tcg',
    devices: raw.devices.map(({ driver, properties }) => deviceArgument(driver, properties)),
    extraArgs: raw['extra-args'],
    console: raw.console,
  };
}

function fixOf(raw: RawMatrix, dir: string): Pick<JobMatrix, 'fix'> {
  if (raw.fix === undefined) return {};
  const { add, remove } = raw.fix;
  return { fix: { add: resolve(dir, add), remove: remove.map((path) => resolve(dir, path)) } };
}

function timeoutsOf({ timeouts }: RawMatrix): Timeouts {
  return {
    buildMs: timeouts['build-s'] * 1000,
    bootMs: timeouts['boot-s'] * 1000,
    testMs: timeouts['test-s'] * 1000,
  };
}
