// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import type { JobResult } from '../../src/model/result.js';
import { signatureOf, signaturesOf } from '../../src/verdict/signatures.js';
import { projectDir } from '../../src/system/files.js';
import { caseWith, casesWith, jobWith } from './verdict-evidence.js';

const failing = (...names: readonly string[]): Partial<JobResult> => ({
  status: 'FAIL',
  decidedBy: 'cases',
  cases: [
    ...casesWith(...names.map((name) => caseWith(name, 'FAIL'))),
    ...names
      .filter((name) => !casesWith().some((one) => one.name === name))
      .map((name) => caseWith(name, 'FAIL')),
  ],
});
const bug: Partial<JobResult> = {
  status: 'FAIL',
  decidedBy: 'cases',
  cases: casesWith(
    caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.31, usage: 1 }),
    caseWith('busy_guest_is_throttled', 'FAIL', { nr_throttled: 9, throttled: 0 }),
    caseWith('busy_guest_dies_at_once', 'FAIL'),
  ),
};
const atomic = {
  class: 'bug',
  title: 'BUG: scheduling while atomic: busy-guest',
  phase: 'test',
  lines: [],
} as const;

const rows: readonly (readonly [string, Partial<JobResult>, string | undefined])[] = [
  ['the bug: throttled 9 times for 0 us', bug, 'task-work-never-run'],
  ['the bug in KVM-PR', { ...bug, payloadFacts: { kvm: 'PR' } }, 'task-work-never-run-pr'],
  ['work at some entries only', failing('busy_guest_debt_bounded'), 'task-work-run-late'],
  ['returns to user space', failing('guest_stays_in_kernel'), 'needless-exits'],
  ['cede spins', failing('ceding_guest_is_never_throttled'), 'cede-does-not-sleep'],
  ['keyrings wait', failing('queued_work_runs_at_once'), 'work-not-at-once'],
  ['stands still', failing('busy_guest_makes_progress'), 'held-back-too-long'],
  ['a lost signal', failing('busy_guest_dies_at_once'), 'dies-late'],
  ['the scheduler', { status: 'FAIL', decidedBy: 'scheduler' }, 'scheduler'],
  [
    'interrupts are off',
    { status: 'FAIL', decidedBy: 'fault', faults: [atomic] },
    'work-in-atomic-context',
  ],
  ['a kernel that passes', {}, undefined],
  ['a kernel that does not compile', { status: 'FAIL', decidedBy: 'build' }, undefined],
  ['a lost machine', { ...bug, status: 'ERROR', decidedBy: 'machine' }, undefined],
  ['a panic of another kind', { status: 'FAIL', decidedBy: 'fault', faults: [] }, undefined],
];

for (const [what, job, name] of rows) {
  test(`signature: ${what}: ${name ?? 'none'}`, () => {
    assert.equal(signatureOf(jobWith(job))?.name, name);
  });
}

test('the signature of the bug names the commit, the missing call, and the fix', () => {
  const signature = signatureOf(jobWith(bug));
  assert.match(signature?.known ?? '', /2cd571245b43.*jobs\/patches\/kvm-hv-xfer-to-guest/);
  assert.match(signature?.look ?? '', /xfer_to_guest_mode_handle_work\(\)/);
});

test('jobs of one signature are explained once', () => {
  const jobs = [jobWith({ ...bug, device: 'a' }), jobWith(), jobWith({ ...bug, device: 'b' })];
  assert.deepEqual(
    signaturesOf(jobs).map(({ signature, jobs: own }) => [signature.name, own.length]),
    [['task-work-never-run', 2]],
  );
});

/** A job of a wrong kernel (test/mutants) as it was seen, and what it must be taken for. */
interface MutantJob {
  readonly kernel: string;
  readonly device: string;
  readonly signature: string;
  readonly decidedBy: JobResult['decidedBy'];
  readonly kvm: string;
  readonly faults: readonly string[];
  readonly cases: readonly {
    readonly name: string;
    readonly reason?: string;
    readonly metrics: Readonly<Record<string, number>>;
  }[];
}

const file = join(projectDir, 'test', 'fixtures', 'mutant-jobs.json');
for (const seen of JSON.parse(readFileSync(file, 'utf8')) as MutantJob[])
  test(`signature of a wrong kernel: ${seen.kernel}: ${seen.signature}`, () => {
    const failed = seen.cases.map(({ name, reason, metrics }) => ({
      ...caseWith(name, 'FAIL', metrics),
      ...(reason !== undefined && { reason }),
    }));
    const job = jobWith({
      status: 'FAIL',
      decidedBy: seen.decidedBy,
      payloadFacts: { kvm: seen.kvm },
      faults: seen.faults.map((title) => ({ class: 'bug', title, phase: 'test', lines: [] })),
      cases: failed,
    });
    assert.equal(signatureOf(job)?.name, seen.signature);
  });
