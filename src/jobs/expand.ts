// SPDX-License-Identifier: MIT
import { dirname, resolve } from 'node:path';
import { architectureOfPackage, usualArchitecture } from '../architectures/architectures.js';
import { debianName } from '../model/source-ref.js';
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

/** The kernel's name for a device's architecture; undefined: the usual one. */
export type ArchitectureOf = (device: string) => string | undefined;

/** What a job matrix does not say itself. */
export interface ExpandOptions {
  /** Replaces the source of every kernel; a path is relative to the working directory. */
  readonly tree?: string;
  readonly architectureOf?: ArchitectureOf;
}

/**
 * Kernels x devices x tests without the excluded ones, every path absolute against the folder of `file`.
 * `tree` stands in for the source of every kernel; its path is relative to the working directory.
 */
export function expandMatrix(
  raw: RawMatrix,
  file: string,
  { tree, architectureOf = () => undefined }: ExpandOptions,
): JobMatrix {
  const dir = resolve(dirname(file));
  const source = tree === undefined ? undefined : absoluteSource(tree, process.cwd());
  const kernels = raw.kernels.map((kernel) => kernelSpec(kernel, dir, source));
  const tests = raw.tests.flatMap(expandTest);
  const knownFaults = raw['known-faults'].map(({ title, reason }) => ({
    title: linearPattern(title),
    reason,
  }));
  const kernelFor = kernelsFor(
    tests.map(({ spec }) => spec),
    architectureOf,
  );
  const jobs = kernels.flatMap((kernel, index) =>
    raw.devices.filter(runsOn(raw.kernels[index], architectureOf)).flatMap((device) =>
      tests
        .filter(
          (test) =>
            !raw.exclude.some((rule) => matches(rule, kernel.name, deviceName(device), test)),
        )
        .map(({ spec }): Job => ({
          name: `${kernel.name}-${deviceName(device)}-${spec.name}`,
          kernel: kernelFor(kernel, deviceName(device), spec),
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

/** Whether a kernel can run on a device: one of a package is for one architecture. */
function runsOn(
  kernel: RawKernel | undefined,
  architectureOf: ArchitectureOf,
): (device: RawDevice) => boolean {
  const [first = ''] = listOf(kernel?.package ?? []);
  const isNamed = debianName(first) !== undefined;
  const wanted = kernel?.arch ?? (isNamed ? architectureOfPackage(first).name : undefined);
  return (device) =>
    wanted === undefined ||
    (architectureOf(deviceName(device)) ?? usualArchitecture.name) === wanted;
}

/**
 * The kernel of a test's jobs on a device: of the device's architecture, and built for the test's program where that needs
 * more of it; once for all jobs that boot the same.
 */
function kernelsFor(
  tests: readonly TestSpec[],
  architectureOf: ArchitectureOf,
): (kernel: KernelSpec, device: string, test: TestSpec) => KernelSpec {
  const made = new Map<string, KernelSpec>();
  const once = (spec: KernelSpec): KernelSpec => {
    const known = made.get(kernelId(spec)) ?? spec;
    made.set(kernelId(spec), known);
    return known;
  };
  return (given, device, test) => {
    const architecture = architectureOf(device);
    const kernel = architecture === undefined ? given : once({ ...given, architecture });
    const { name, kernel: needs } = programOf(test);
    const isBuilt = kernel.packages.length === 0 && kernel.source !== runningKernel;
    if (needs === undefined || !isBuilt) return kernel;
    const own = tests.filter((one) => programOf(one).name === name);
    const treeConfig = new Set(own.flatMap(({ parameters }) => needs.treeConfig(parameters)));
    const config = [...kernel.config, ...needs.config];
    const spec = { ...kernel, config, builtFor: name, treeConfig: [...treeConfig].sort() };
    return once(spec);
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
