// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { prePull } from '../../src/jobs/generators/pre-pull.js';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { busyguest, folder } from '../integration/cli.js';
import { caseWith, casesWith, jobWith } from '../unit/verdict-evidence.js';

const device = 'qemu-pseries-p9';
const broken = caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.3, usage: 1 });

/** The folder of a check of which every job was finished when it was interrupted. */
async function finishedCheck(dir: string): Promise<void> {
  const matrix = prePull({
    source: 'debian:linux-source',
    series: ['/nowhere/1.patch'],
    devices: [device],
  });
  const job = (kernel: string, what: Partial<JobResult>): JobResult => {
    const name = `${kernel}-${device}-busy-guest`;
    return jobWith({ name, kernel, device, test: 'busy-guest', expect: 'PASS', ...what });
  };
  const fails = { status: 'FAIL', decidedBy: 'cases', asExpected: false } as const;
  const jobs = [
    job('base', { ...fails, cases: casesWith(broken), reason: '3.3 x the quota' }),
    job('patched', {}),
  ];
  const files = {
    'run.json': {
      file: '/nowhere/check.yaml',
      text: JSON.stringify(matrix),
      startedAt: '2026-11-28T00:00:00.000Z',
      jobs: jobs.map(({ name }) => name),
    },
    'check.json': {
      base: 'v7.2',
      patches: [{ subject: '[PATCH] do it', file: '1.patch' }],
      where: 'here',
      command: 'busyguest check --series 1@example.org',
      config: [],
      version: '0.1.0',
    },
    ...Object.fromEntries(jobs.map((one) => [`${one.name}/status.json`, one])),
  };
  for (const [name, data] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), JSON.stringify(data));
  }
}

test("run --resume of a check's folder gives what check --resume gives", async (context) => {
  const seen: { code: number | null; run: RunResult; mail: string }[] = [];
  for (const command of ['check', 'run']) {
    const dir = join(await folder(context), 'one');
    await finishedCheck(dir);
    const { code } = await busyguest(command, '--resume', dir, '--quiet');
    seen.push({
      code,
      run: JSON.parse(await readFile(join(dir, 'results.json'), 'utf8')) as RunResult,
      mail: await readFile(join(dir, 'mail.txt'), 'utf8'),
    });
  }
  const [check, run] = seen;
  assert.ok(check);
  assert.deepEqual(run, check);
  assert.equal(check.code, 0);
  assert.equal(check.run.overall, 'fixed');
  assert.deepEqual(
    check.run.jobs.map(({ asExpected }) => asExpected),
    [true, true],
  );
});
