// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { JobResult } from '../../src/model/result.js';
import { busyguest, latest, project } from '../integration/cli.js';
import {
  buildMutants,
  devicesOf,
  fullIsKnown,
  mutantMatrix,
  readMutants,
  suiteResult,
  type Suite,
} from './mutants.js';

const mutants = await readMutants();
const names: readonly Suite[] = ['basic', 'full'];
const jobs: JobResult[] = [];

before(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-mutants-'));
  const built = await buildMutants(mutants, dir);
  const results = join(project, 'results');
  for (const suite of names) {
    const file = join(dir, `${suite}.yaml`);
    const isOpen = (kernel: string, device: string): boolean =>
      suite === 'basic' || !fullIsKnown(suiteResult(jobs, 'basic', kernel, device));
    const matrix = await mutantMatrix(mutants, built, suite, ({ name }, device) =>
      isOpen(name, device),
    );
    await writeFile(file, matrix);
    const { stderr } = await busyguest('run', file, '--results', results);
    process.stdout.write(stderr);
    const run = await latest(results);
    process.stdout.write(`# ${join(results, run.run)}\n`);
    jobs.push(...run.jobs);
  }
});

describe('wrong kernels get FAIL', () => {
  for (const kernel of mutants.wrong)
    for (const device of devicesOf(mutants, kernel))
      for (const suite of names)
        test(`${kernel.name} on ${device}, ${suite}: ${kernel.what}`, (context) => {
          const basic = suiteResult(jobs, 'basic', kernel.name, device);
          const seen =
            suite === 'full' && fullIsKnown(basic)
              ? basic
              : suiteResult(jobs, suite, kernel.name, device);
          if (seen.status === 'SKIP') {
            context.skip(seen.reasons[0]);
            return;
          }
          const missed = suite === 'basic' && kernel['basic-misses']?.includes(device);
          assert.equal(seen.status, missed ? 'PASS' : 'FAIL', seen.reasons.join('\n'));
          if (suite === 'basic') return;
          const catching = kernel['caught-by'] ?? seen.failed;
          assert.ok(
            seen.failed.length === 0 || catching.some((name) => seen.failed.includes(name)),
            seen.failed.join(' '),
          );
          const faults = seen.faults.join('\n');
          assert.ok(faults.includes(kernel.fault ?? ''), faults);
        });
});

describe('right kernels of other shapes get PASS', () => {
  for (const kernel of mutants.right)
    for (const device of devicesOf(mutants, kernel))
      for (const suite of names)
        test(`${kernel.name} on ${device}, ${suite}: ${kernel.what}`, (context) => {
          const seen = suiteResult(jobs, suite, kernel.name, device);
          if (seen.status === 'SKIP') {
            context.skip(seen.reasons[0]);
            return;
          }
          assert.equal(seen.status, 'PASS', seen.reasons.join('\n'));
        });
});
