// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { RunResult } from '../../src/model/result.js';
import { busyguest, latest, project } from '../integration/cli.js';
import { mutantMatrix, readMutants } from './mutants.js';

const mutants = await readMutants();

describe('wrong fixes get the verdict that test/mutants/mutants.yaml names', () => {
  let run: RunResult;

  before(async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'busyguest-mutants-')), 'mutants.yaml');
    await writeFile(file, mutantMatrix(mutants));
    const results = join(project, 'results');
    const { stderr } = await busyguest('run', file, '--results', results);
    process.stdout.write(stderr);
    run = await latest(results);
    process.stdout.write(`# ${join(results, run.run)}\n`);
  });

  for (const { name, wrong, on } of mutants) {
    for (const [device, expected] of Object.entries(on)) {
      test(`${name} on ${device}: ${wrong}`, () => {
        const job = run.jobs.find((one) => one.kernel === name && one.device === device);
        assert.equal(job?.status, expected.status, job?.reason);
        const failed = job?.cases.filter(({ status }) => status === 'FAIL').map((one) => one.name);
        for (const caught of expected['caught-by'] ?? [])
          assert.ok(failed?.includes(caught), caught);
        const faults = (job?.faults ?? []).map(({ title }) => title).join('\n');
        assert.ok(faults.includes(expected.fault ?? ''), faults);
      });
    }
  }
});
