// SPDX-License-Identifier: MIT
import { dirname, resolve } from 'node:path';
import { kernelId, runningKernel } from '../model/job.js';
import type { DeviceSpec, Job, JobMatrix, KernelSpec, TestSpec, Timeouts } from '../model/job.js';
import { linearPattern } from '../documents/pattern.js';
import type { Path } from '../documents/positions.js';
import { deviceArgument } from './machine-options.js';
import { nameIn, programOf, programOfEntry } from '../payload/registry.js';
import type { RawDevice, RawExclude, RawKernel, RawMatrix, RawTest } from './schema.js';
import { absoluteConfig, absoluteSource } from './sources.js';

/** One test after its lists were expanded, and where in the raw test its values stand. */
export interface ExpandedTest {
  readonly spec: TestSpec;
  /** The name as written, without suffixes. */
  readonly family: string;
  /** Where the number of CPUs stands. */
  readonly cpusPath: Path;
}

/**
 * Kernels x devices x tests without the excluded ones, every path absolute against the folder of `file`.
 * `tree` stands in for the source of every kernel; its path is relative to the working directory.
 */
export function expandMatrix(raw: RawMatrix, file: string, tree?: string): JobMatrix {
  const dir = resolve(dirname(file));
  const source = tree === undefined ? undefined : absoluteSource(tree, process.cwd());
  const kernels = raw.kernels.map((kernel) => kernelSpec(kernel, dir, source));
  const tests = raw.tests.flatMap(expandTest);
  const knownFaults = raw['known-faults'].map(({ title, reason }) => ({
    title: linearPattern(title),
    reason,
  }));
  const kernelFor = kernelsFor(tests.map(({ spec }) => spec));
  const jobs = kernels.flatMap((kernel, index) =>
    raw.devices.flatMap((device) =>
      tests
        .filter(
          (test) =>
            !raw.exclude.some((rule) => matches(rule, kernel.name, deviceName(device), test)),
        )
        .map(({ spec }): Job => ({
          name: `${kernel.name}-${deviceName(device)}-${spec.name}`,
          kernel: kernelFor(kernel, spec),
          device: deviceName(device),
          ...(typeof device === 'string' ? {} : { deviceSpec: deviceSpec(device) }),
          test: spec,
          expect: raw.kernels[index]?.['expect-on'][deviceName(device)] ?? kernel.expect,
          timeouts: timeoutsFor(spec, raw),
          knownFaults,
        })),
    ),
  );
  return { name: raw.name, file, kernels, ...fixOf(raw, dir), jobs };
}

/** The kernel of a test's jobs: built for its program where that needs more of it, once for all tests of the program. */
function kernelsFor(
  tests: readonly TestSpec[],
): (kernel: KernelSpec, test: TestSpec) => KernelSpec {
  const made = new Map<string, KernelSpec>();
  return (kernel, test) => {
    const { name, kernel: needs } = programOf(test);
    const isBuilt = kernel.packages.length === 0 && kernel.source !== runningKernel;
    if (needs === undefined || !isBuilt) return kernel;
    const own = tests.filter((one) => programOf(one).name === name);
    const treeConfig = new Set(own.flatMap(({ parameters }) => needs.treeConfig(parameters)));
    const config = [...kernel.config, ...needs.config];
    const spec = { ...kernel, config, builtFor: name, treeConfig: [...treeConfig].sort() };
    const known = made.get(kernelId(spec)) ?? spec;
    made.set(kernelId(spec), known);
    return known;
  };
}

/** How long a test may take, milliseconds, where neither the matrix nor its program says. */
const usualTestMs = 300_000;

function timeoutsFor(test: TestSpec, { timeouts }: RawMatrix): Timeouts {
  const given = timeouts['test-s'];
  return {
    buildMs: timeouts['build-s'] * 1000,
    bootMs: timeouts['boot-s'] * 1000,
    testMs:
      given === undefined ? (programOf(test).machine.usualTestMs ?? usualTestMs) : given * 1000,
  };
}

/** The tests that one raw test stands for. It must be valid. */
export function expandTest(raw: RawTest): ExpandedTest[] {
  const program = programOfEntry(raw);
  return program.matrix.expand(raw).map(({ parameters, suffix, cpusPath }) => ({
    spec: { name: `${raw.name}${suffix}`, ...nameIn(program), parameters },
    family: raw.name,
    cpusPath,
  }));
}

/** How many tests `expandTest` would give, without making them. */
export function testCount(raw: RawTest): number {
  return programOfEntry(raw).matrix.count(raw);
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
