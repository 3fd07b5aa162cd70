// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { prePull } from '../../src/jobs/generators/pre-pull.js';
import type { JobResult } from '../../src/model/result.js';
import type { MailFacts } from '../../src/reports/mail-facts.js';
import { caseWith, casesWith, jobWith } from '../unit/verdict-evidence.js';

const device = 'qemu-pseries-p9';
const broken = caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.3, usage: 1 });

/**
 * Writes the folder of a check of which every job was finished when it was interrupted.
 * @param mail what check.json says besides; @param patched what the job of the series says besides
 */
export async function finishedCheck(
  dir: string,
  mail: Partial<MailFacts> = {},
  patched: Partial<JobResult> = {},
): Promise<void> {
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
    job('patched', patched),
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
      ...mail,
    },
    ...Object.fromEntries(jobs.map((one) => [`${one.name}/status.json`, one])),
  };
  for (const [name, data] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), JSON.stringify(data));
  }
}
