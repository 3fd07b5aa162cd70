// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import { runningKernel } from '../model/job.js';
import { programOfEntry } from '../payload/registry.js';
import { expandTest, testCount } from './expand.js';
import { hintFor } from '../documents/nearest.js';
import type { Finding, Path } from '../documents/positions.js';
import { deviceSchema } from './device-schema.js';
import { excludeSchema, kernelSchema, testSchema } from './schema.js';
import type { RawDevice, RawExclude, RawKernel, RawTest } from './schema.js';

/** More jobs than this are a mistake, not a plan. */
const mostJobs = 10_000;

/** A valid entry of a list and its index there. */
interface Entry<T> {
  readonly index: number;
  readonly value: T;
}

/**
 * What the schema cannot see: references, duplicates, and numbers that contradict each other.
 * Works on data that may be invalid elsewhere, so that all mistakes come out at once.
 */
export function checkReferences(data: unknown, knownDevices: readonly string[]): Finding[] {
  const kernels = validEntries(data, 'kernels', kernelSchema);
  const devices = validEntries(data, 'devices', deviceSchema);
  const tests = validEntries(data, 'tests', testSchema);
  const findings = [
    ...duplicates(data, 'kernels'),
    ...duplicates(data, 'devices'),
    ...kernels.flatMap((entry) => checkKernel(entry, data)),
    ...devices.flatMap((entry) => checkDevice(entry, knownDevices)),
  ];
  const jobCount =
    Math.max(1, listAt(data, 'kernels').length) *
    Math.max(1, listAt(data, 'devices').length) *
    tests.reduce((sum, { value }) => sum + testCount(value), 0);
  if (jobCount > mostJobs) {
    const message = `the matrix expands to ${jobCount} jobs; at most ${mostJobs} are allowed`;
    return [...findings, { path: ['tests'], target: 'key', message }];
  }
  const excludes = validEntries(data, 'exclude', excludeSchema);
  return [
    ...findings,
    ...tests.flatMap((entry) => checkTest(entry, data)),
    ...duplicateTests(tests),
    ...excludes.flatMap((entry) => checkExclude(entry, data, tests)),
  ];
}

/** A kernel is built or taken from a package; what belongs to a build means nothing for a package. */
function checkOrigin(kernel: RawKernel, at: Path): Finding[] {
  if (kernel.package === undefined) {
    if (kernel.source === runningKernel) {
      return buildKeys(kernel).map((key) => meaningless(kernel, at, key, 'runs already'));
    }
    if (kernel.source !== undefined) return [];
    return [{ path: at, message: `kernel "${kernel.name}" needs a "source" or a "package"` }];
  }
  const given = [...(kernel.source === undefined ? [] : ['source']), ...buildKeys(kernel)];
  return given.map((key) => meaningless(kernel, at, key, 'is a package'));
}

/** What was said of the build of a kernel. */
function buildKeys(kernel: RawKernel): string[] {
  return [
    ...(kernel.fix === undefined ? [] : ['fix']),
    ...(kernel.patches.length === 0 ? [] : ['patches']),
    ...(kernel.toolchain === undefined ? [] : ['toolchain']),
  ];
}

function meaningless(kernel: RawKernel, at: Path, key: string, what: string): Finding {
  const message = `"${key}" means nothing for kernel "${kernel.name}", which ${what}`;
  return { path: [...at, key], target: 'key', message };
}

function checkKernel({ index, value }: Entry<RawKernel>, data: unknown): Finding[] {
  const at: Path = ['kernels', index];
  const findings = checkOrigin(value, at);
  const { base } = value;
  const others = [...entryNames(data, 'kernels').values()].filter((name) => name !== value.name);
  if (base === value.name) {
    findings.push({ path: [...at, 'base'], message: `kernel "${base}" cannot be its own base` });
  } else if (base !== undefined && !others.includes(base)) {
    const hint = hintFor(base, others);
    findings.push({ path: [...at, 'base'], message: `no kernel is named "${base}"`, hint });
  }
  if (value.fix !== undefined && !hasKey(data, 'fix')) {
    const hint = 'add the key fix with the folders of its patches';
    findings.push({
      path: [...at, 'fix'],
      message: 'this matrix does not say what its fix is',
      hint,
    });
  }
  const devices = [...entryNames(data, 'devices').values()];
  for (const device of Object.keys(value['expect-on'])) {
    if (devices.includes(device)) continue;
    findings.push({
      path: [...at, 'expect-on', device],
      target: 'key',
      message: `no device of this matrix is named ${JSON.stringify(device)}`,
      hint: hintFor(device, devices),
    });
  }
  return findings;
}

function checkDevice({ index, value }: Entry<RawDevice>, known: readonly string[]): Finding[] {
  const at: Path = ['devices', index];
  if (typeof value === 'string') {
    if (known.includes(value)) return [];
    const message = `unknown device ${JSON.stringify(value)}`;
    return [{ path: at, message, hint: hintFor(value, known) }];
  }
  const findings: Finding[] = [];
  if (known.includes(value.name)) {
    const message = `"${value.name}" is a built-in device; give yours another name`;
    findings.push({ path: [...at, 'name'], message });
  }
  if (value.icount === true && value.accel === 'kvm') {
    findings.push({ path: [...at, 'icount'], message: 'icount needs accel: tcg' });
  }
  return findings;
}

function checkTest({ index, value }: Entry<RawTest>, data: unknown): Finding[] {
  const at: Path = ['tests', index];
  const program = programOfEntry(value);
  const written = listAt(data, 'tests')[index];
  const others = Object.keys(hasKey(written, 'name') ? written : {}).filter(
    (key) => key !== 'name' && !Object.hasOwn(program.matrix.keys, key),
  );
  const foreign = others.map((key): Finding => ({
    path: [...at, key],
    target: 'key',
    message: `"${key}" means nothing for a test of ${program.name}`,
  }));
  const own = program.matrix.check(value).map((one) => ({ ...one, path: [...at, ...one.path] }));
  return [...foreign, ...own];
}

function duplicateTests(tests: readonly Entry<RawTest>[]): Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const { index, value } of tests) {
    const names = expandTest(value).map(({ spec }) => spec.name);
    const twice = names.find((name, at) => seen.has(name) || names.indexOf(name) !== at);
    for (const name of names) seen.add(name);
    if (twice === undefined) continue;
    findings.push({
      path: ['tests', index, 'name'],
      message: `a second test with the name "${twice}"`,
    });
  }
  return findings;
}

function checkExclude(
  { index, value }: Entry<RawExclude>,
  data: unknown,
  tests: readonly Entry<RawTest>[],
): Finding[] {
  const at: Path = ['exclude', index];
  if (Object.keys(value).length === 0) {
    return [{ path: at, message: 'an empty exclude would leave out everything' }];
  }
  // What an invalid test would expand to is unknown, so its names cannot be called wrong.
  const allTestsKnown = tests.length === listAt(data, 'tests').length;
  const expanded = tests.flatMap(({ value: test }) =>
    expandTest(test).map(({ spec }) => spec.name),
  );
  const names = {
    kernel: [...entryNames(data, 'kernels').values()],
    device: [...entryNames(data, 'devices').values()],
    test: [...entryNames(data, 'tests').values(), ...expanded],
  };
  return (['kernel', 'device', 'test'] as const).flatMap((key) => {
    const name = value[key];
    if (name === undefined || names[key].includes(name)) return [];
    if (key === 'test' && !allTestsKnown) return [];
    const message = `no ${key} of this matrix is named ${JSON.stringify(name)}`;
    return [{ path: [...at, key], message, hint: hintFor(name, [...new Set(names[key])]) }];
  });
}

function duplicates(data: unknown, list: string): Finding[] {
  const first = new Map<string, number>();
  const findings: Finding[] = [];
  for (const [index, name] of entryNames(data, list)) {
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, index);
      continue;
    }
    const message = `${JSON.stringify(name)} is already the name of ${list}[${earlier}]`;
    const inside = typeof listAt(data, list)[index] === 'string' ? [] : ['name'];
    findings.push({ path: [list, index, ...inside], message });
  }
  return findings;
}

/** Names by index, also of entries that are invalid otherwise: a reference to those is no second mistake. */
function entryNames(data: unknown, list: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const [index, entry] of listAt(data, list).entries()) {
    const name =
      typeof entry === 'string' ? entry : hasKey(entry, 'name') ? entry['name'] : undefined;
    if (typeof name === 'string') names.set(index, name);
  }
  return names;
}

function validEntries<S extends z.ZodType>(
  data: unknown,
  list: string,
  schema: S,
): Entry<z.output<S>>[] {
  return listAt(data, list).flatMap((entry, index) => {
    const parsed = schema.safeParse(entry);
    return parsed.success ? [{ index, value: parsed.data }] : [];
  });
}

function listAt(data: unknown, key: string): readonly unknown[] {
  const list = hasKey(data, key) ? data[key] : undefined;
  return Array.isArray(list) ? list : [];
}

function hasKey(value: unknown, key: string): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}
