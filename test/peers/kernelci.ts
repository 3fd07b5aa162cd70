// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FlatResult } from '../../src/ktap/flat-result.js';
import { kernelciFiles, type KernelciSource } from '../../src/labs/kernelci.js';
import type { LavaJob } from '../../src/labs/lava/job.js';
import { checkoutOf, runPython, whyWithout, whyWithoutModules } from './checkout.js';

const core = checkoutOf('KERNELCI_CORE') ?? '';
const pipeline = checkoutOf('KERNELCI_PIPELINE') ?? '';
/** A lab that kernelci-pipeline has. */
export const kernelciLab = 'lava-broonie';

/** For `skip` of a test: what of KernelCI is missing here, or false. */
export const whyNoKernelci =
  whyWithout('KERNELCI_PIPELINE', 'KERNELCI_CORE') ||
  whyWithoutModules('yaml', 'jinja2', 'requests', 'pydantic', 'elftools');

/** The path of a file that is not compiled. */
export const inProject = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** The job on an emulated machine as `generate --for kernelci` takes it. */
export function kernelciSource(job: LavaJob): KernelciSource {
  const { machine } = job;
  if (machine.boot !== 'qemu') throw new Error('an emulated machine is needed');
  return { ...job, machine };
}

/** What KernelCI makes of a checkout and a patchset on top of it, until LAVA has the jobs. */
export interface Scheduled {
  readonly order: string | null;
  readonly builds: readonly { readonly checkout: string; readonly runtime: string }[];
  readonly jobs: readonly {
    readonly checkout: string;
    readonly name: string;
    readonly runtime: string;
    readonly platform: string;
    readonly definition: string;
    readonly node: { readonly id: string };
  }[];
}

interface Hierarchy {
  readonly node: { readonly name: string; readonly result: string; readonly kind?: string };
  readonly child_nodes: readonly Hierarchy[];
}

/** What KernelCI keeps of a job that came back. */
export interface CameBack {
  readonly node_id: string;
  readonly hierarchy: Hierarchy;
  readonly measurements: Readonly<Record<string, readonly [number, string]>>;
}

/** A copy of kernelci-pipeline's config/ with our files in it, as labs/kernelci/README.md says. */
export function withConfig<T>(jobs: readonly LavaJob[], use: (config: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-kernelci-'));
  try {
    const config = join(dir, 'config');
    cpSync(join(pipeline, 'config'), config, { recursive: true });
    const files = kernelciFiles(jobs.map(kernelciSource), kernelciLab);
    writeFileSync(join(config, 'jobs-busyguest.yaml'), files.jobs);
    writeFileSync(join(config, 'runtime', 'busyguest.jinja2'), files.template);
    return use(config);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function answer(args: readonly string[]): unknown {
  const said = runPython(args);
  assert.equal(said.status, 0, said.stderr);
  return JSON.parse(said.stdout.trim().split('\n').at(-1) ?? '') as unknown;
}

/**
 * KernelCI's code from a checkout to jobs for a lab.
 * @param files URL of the folder with the kernels that KernelCI would have built
 * @param callback where the lab is to send results
 */
export function schedule(jobs: readonly LavaJob[], files: string, callback: string): Scheduled {
  const script = inProject('test/peers/kernelci.py');
  return withConfig(jobs, (config) =>
    answer([script, pipeline, core, config, files, callback]),
  ) as Scheduled;
}

/** KernelCI's code on what came back, which is in a file: the console of a machine, or a lab's callback. */
export function comeBack(
  job: Scheduled['jobs'][number],
  form: 'console' | 'callback',
  file: string,
): CameBack {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-kernelci-'));
  try {
    const definition = join(dir, 'job.yaml');
    writeFileSync(definition, job.definition);
    const script = inProject('test/peers/kernelci_callback.py');
    return answer([
      ...[script, core, JSON.stringify(job.node), definition, `--${form}`, file],
    ]) as CameBack;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Checks that KernelCI has exactly our cases with our statuses, and each one's first number as its measurement. */
export function assertCameBack(
  job: Scheduled['jobs'][number],
  back: CameBack,
  rows: readonly FlatResult[],
  result: string,
): void {
  const cases = rows.filter(({ name }) => !name.includes('__'));
  const measured = Object.fromEntries(
    cases.map((one) => {
      const first = rows.find(({ name }) => name.startsWith(`${one.name}__`)) ?? one;
      return [one.name, [first.measurement, first.unit]];
    }),
  );
  const [suite, ...others] = back.hierarchy.child_nodes;
  assert.deepEqual(others, []);
  assert.equal(suite?.node.name, job.name);
  // Labs differ in what comes first.
  const words = (list: readonly (readonly unknown[])[]) => list.map((one) => one.join(' ')).sort();
  assert.deepEqual(
    words(suite.child_nodes.map(({ node }) => [node.name, node.result, node.kind])),
    words(cases.map(({ name, result }) => [name, result, 'test'])),
  );
  assert.equal(back.hierarchy.node.result, result);
  assert.deepEqual(back.measurements, measured);
}
