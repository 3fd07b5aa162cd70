// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { readFlatResults } from '../../src/ktap/flat-result.js';
import { kernelciFiles, type KernelciSource } from '../../src/labs/kernelci.js';
import { lavaJobOn } from '../unit/labs-sample.js';
import { checkoutOf, commitOf, runPython, whyWithout, whyWithoutModules } from './checkout.js';

const without = whyWithout('KERNELCI_PIPELINE', 'KERNELCI_CORE');
const skip = without || whyWithoutModules('yaml', 'jinja2', 'requests', 'pydantic', 'elftools');
const pipeline = checkoutOf('KERNELCI_PIPELINE') ?? '';
const core = checkoutOf('KERNELCI_CORE') ?? '';
/** A lab that kernelci-pipeline has. */
const lab = 'lava-broonie';
const devices = ['qemu-pseries-p9', 'qemu-pseries-papr-p10', 'qemu-powernv9'];

const inProject = (path: string): string =>
  fileURLToPath(new URL(`../../../${path}`, import.meta.url));

function source(device: string): KernelciSource {
  const job = lavaJobOn(device);
  const { machine } = job;
  if (machine.boot !== 'qemu') throw new Error('an emulated machine is needed');
  return { ...job, machine };
}

interface Hierarchy {
  readonly node: { readonly name: string; readonly result: string; readonly kind?: string };
  readonly child_nodes: readonly Hierarchy[];
}

interface Seen {
  readonly order: string | null;
  readonly builds: readonly { readonly checkout: string; readonly runtime: string }[];
  readonly jobs: readonly {
    readonly checkout: string;
    readonly name: string;
    readonly runtime: string;
    readonly platform: string;
    readonly definition: string;
    readonly node_id: string;
    readonly hierarchy: Hierarchy;
    readonly measurements: Readonly<Record<string, readonly [number, string]>>;
  }[];
}

/** A copy of kernelci-pipeline's config/ with our files in it, as docs/lava.md says. */
function withConfig(use: (config: string) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-kernelci-'));
  try {
    const config = join(dir, 'config');
    cpSync(join(pipeline, 'config'), config, { recursive: true });
    const files = kernelciFiles(devices.map(source), lab);
    writeFileSync(join(config, 'jobs-busyguest.yaml'), files.jobs);
    writeFileSync(join(config, 'runtime', 'busyguest.jinja2'), files.template);
    use(config);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

test(
  "kernelci-pipeline's own check takes our files, and refuses a lab-less build",
  { skip },
  (t) => {
    t.diagnostic(commitOf('KERNELCI_PIPELINE'));
    const check = (config: string) =>
      runPython([join(pipeline, 'tests/validate_yaml.py'), '-d', config]);
    withConfig((config) => {
      const { status, stdout, stderr } = check(config);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /All yaml files are valid/);
      assert.doesNotMatch(stdout, /Warning: Job (?:\S*busyguest|busy-guest)/);
      const file = join(config, 'jobs-busyguest.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('name: k8s-all', 'type: kubernetes'));
      assert.match(check(config).stderr, /Runtime name not found for kbuild job/);
    });
  },
);

/** A real machine's console, through all of KernelCI's code between a checkout and its results. */
function through(console: string): Seen {
  let seen: Seen | undefined;
  withConfig((config) => {
    const script = inProject('test/peers/kernelci.py');
    const said = runPython([script, pipeline, core, config, lab, console]);
    assert.equal(said.status, 0, said.stderr);
    seen = JSON.parse(said.stdout.trim().split('\n').at(-1) ?? '') as Seen;
  });
  assert.ok(seen);
  return seen;
}

for (const kernel of ['unpatched', 'patched']) {
  const file = inProject(`test/fixtures/jobs/${kernel}.console.log`);
  test(`KernelCI: from checkout to results of the ${kernel} kernel`, { skip }, (t) => {
    t.diagnostic(`${commitOf('KERNELCI_CORE')}, ${commitOf('KERNELCI_PIPELINE')}`);
    const seen = through(file);
    assert.equal(seen.order, null);
    // Both kernels of a pair: a checkout, and a patchset on top of it.
    assert.deepEqual(
      seen.builds.map(({ checkout, runtime }) => `${checkout} ${runtime}`),
      ['checkout k8s-all', 'patchset k8s-all'],
    );
    assert.equal(seen.jobs.length, 2 * devices.length);
    const rows = readFlatResults(readFileSync(file, 'utf8'));
    const cases = rows.filter(({ name }) => !name.includes('__'));
    const measured = Object.fromEntries(
      cases.map((one) => {
        const first = rows.find(({ name }) => name.startsWith(`${one.name}__`)) ?? one;
        return [one.name, [first.measurement, first.unit]];
      }),
    );
    for (const job of seen.jobs) {
      assert.equal(job.runtime, lab);
      assert.ok(devices.some((device) => job.platform === `busyguest-${device}`));
      const { notify, priority } = parse(job.definition) as {
        notify: { callback: { url: string } };
        priority: number;
      };
      const url = `https://callback.example.org/node/${job.node_id}`;
      assert.equal(notify.callback.url, url);
      assert.ok(Number.isInteger(priority));
      const [suite, ...others] = job.hierarchy.child_nodes;
      assert.deepEqual(others, []);
      assert.equal(suite?.node.name, 'kvm.busy_guest');
      assert.deepEqual(
        suite?.child_nodes.map(({ node }) => [node.name, node.result, node.kind]),
        cases.map(({ name, result }) => [name, result, 'test']),
      );
      assert.equal(job.hierarchy.node.result, kernel === 'unpatched' ? 'fail' : 'pass');
      assert.deepEqual(job.measurements, measured);
    }
  });
}
