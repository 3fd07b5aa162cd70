// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readFlatResults } from '../../src/ktap/flat-result.js';
import { lavaJobOn } from '../unit/labs-sample.js';
import { checkoutOf, commitOf, runPython } from './checkout.js';
import {
  assertCameBack,
  comeBack,
  inProject,
  kernelciLab,
  schedule,
  whyNoKernelci as skip,
  withConfig,
} from './kernelci.js';

const devices = ['qemu-pseries-p9', 'qemu-pseries-papr-p10', 'qemu-powernv9'];
const jobs = devices.map((device) => lavaJobOn(device));

test(
  "kernelci-pipeline's own check takes our files, and refuses a lab-less build",
  { skip },
  (t) => {
    t.diagnostic(commitOf('KERNELCI_PIPELINE'));
    const script = join(checkoutOf('KERNELCI_PIPELINE') ?? '', 'tests/validate_yaml.py');
    const check = (config: string) => runPython([script, '-d', config]);
    withConfig(jobs, (config) => {
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

for (const kernel of ['unpatched', 'patched']) {
  const file = inProject(`test/fixtures/jobs/${kernel}.console.log`);
  test(`KernelCI: from checkout to results of the ${kernel} kernel`, { skip }, (t) => {
    t.diagnostic(`${commitOf('KERNELCI_CORE')}, ${commitOf('KERNELCI_PIPELINE')}`);
    const callback = 'https://callback.example.org';
    const seen = schedule(jobs, 'https://files.example.org', callback);
    assert.equal(seen.order, null);
    // Both kernels of a pair: a checkout, and a patchset on top of it.
    assert.deepEqual(
      seen.builds.map(({ checkout, runtime }) => `${checkout} ${runtime}`),
      ['checkout k8s-all', 'patchset k8s-all'],
    );
    assert.equal(seen.jobs.length, 2 * devices.length);
    const rows = readFlatResults(readFileSync(file, 'utf8'));
    for (const job of seen.jobs) {
      assert.equal(job.runtime, kernelciLab);
      assert.ok(devices.some((device) => job.platform === `busyguest-${device}`));
      const { notify, priority } = parse(job.definition) as {
        notify: { callback: { url: string } };
        priority: number;
      };
      assert.equal(notify.callback.url, `${callback}/node/${job.node.id}`);
      assert.ok(Number.isInteger(priority));
      const back = comeBack(job, 'console', file);
      assert.equal(back.node_id, job.node.id);
      assertCameBack(job, back, rows, kernel === 'unpatched' ? 'fail' : 'pass');
    }
  });
}
