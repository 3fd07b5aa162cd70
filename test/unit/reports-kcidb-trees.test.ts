// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { kcidbReport, renderKcidb } from '../../src/reports/kcidb.js';
import type { KcidbReport } from '../../src/reports/kcidb-types.js';
import { assertLinked, assertValid } from './kcidb-schema.js';
import { inFolder, pairRun, writeRun } from './reports-html-run.js';
import { sampleRun } from './reports-run.js';
import { caseWith, jobWith } from './verdict-evidence.js';

const oneJob = (job: Partial<JobResult>): RunResult =>
  sampleRun({ jobs: [jobWith(job)], verdicts: [] });

const gitKernel = {
  git_commit: '0123456789abcdef0123456789abcdef01234567',
  git_repository_url: 'git://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git',
  git_branch: 'master',
  git_describe: 'v7.2-13-g0123456789ab',
  kernel_source: 'linux master 0123456789abcdef0123456789abcdef01234567',
};
const series = 'cd'.repeat(32);

test('kcidb: a tree by its repository, and a branch of its own for each series', () => {
  const kernel = (name: string, hash: string): JobResult =>
    jobWith({ kernel: name, name, facts: { ...gitKernel, patchset_hash: hash } });
  const run = sampleRun({
    jobs: [kernel('base', ''), kernel('fix', series), kernel('fix-hash', series)],
    verdicts: [],
  });
  const report = kcidbReport(run, {});
  assertValid(report);
  assertLinked(report);
  assert.deepEqual(
    report.checkouts.map((one) => [one.tree_name, one.git_repository_branch, one.patchset_hash]),
    [
      ['torvalds-linux', 'master', ''],
      ['torvalds-linux', 'master+fix', series],
    ],
  );
  const [base] = report.checkouts;
  assert.equal(base?.git_commit_name, gitKernel.git_describe);
  assert.match(base?.git_repository_url ?? '', /^https:\/\/git\.kernel\.org\//);
  // One checkout, built twice.
  assert.equal(report.builds[1]?.checkout_id, report.builds[2]?.checkout_id);
  const given = kcidbReport(run, {}, { treeName: 'powerpc', branch: 'next' });
  assert.deepEqual(
    given.checkouts.map((one) => `${one.tree_name} ${one.git_repository_branch}`),
    ['powerpc next', 'powerpc next+fix'],
  );
  const debian = (kernel_source: string) => {
    const [one] = kcidbReport(oneJob({ facts: { kernel_source } }), {}).checkouts;
    return [one?.tree_name, one?.git_repository_branch, one?.git_commit_name];
  };
  assert.deepEqual(debian('linux-source-7.2 7.2.13-1 (Debian sid)'), [
    ...['debian', 'sid', 'linux-source-7.2 7.2.13-1'],
  ]);
  // As runs had it before.
  assert.deepEqual(debian('debian:linux-source-7.2 7.2.13-1'), [
    ...['debian', 'linux-source-7.2', 'linux-source-7.2 7.2.13-1'],
  ]);
  assert.deepEqual(debian('a tree'), [undefined, undefined, undefined]);
});

test('kcidb: a FAIL that is expected is an incident of its bug, once for each failing test', () => {
  const run = pairRun(['a', 'b']);
  const report = kcidbReport(run, {});
  assertValid(report);
  assertLinked(report);
  const failing = report.tests.filter(({ status }) => status === 'FAIL').map(({ id }) => id);
  assert.deepEqual(
    report.incidents.map(({ test_id: id }) => id),
    failing,
  );
  assert.equal(report.issues.length, 1);
  assert.match(JSON.stringify(report.incidents[0]?.misc), /patched: 0001-kvm-limit\.patch/);
  const surprised = run.jobs.map((job) => ({ ...job, expect: 'PASS', asExpected: false }) as const);
  assert.deepEqual(kcidbReport({ ...run, jobs: surprised }, {}).incidents, []);
});

test('kcidb: the bug by its report, where the job looks like it', () => {
  const run = oneJob({
    status: 'FAIL',
    expect: 'FAIL',
    cases: [
      caseWith('busy_guest_is_throttled', 'FAIL', { nr_throttled: 20, throttled: 0 }),
      caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.33 }),
    ],
  });
  const report = kcidbReport(run, {});
  assertValid(report);
  const [issue] = report.issues;
  assert.equal(issue?.id, 'busyguest:busy-guest-task-work-never-run');
  assert.match(issue?.report_url ?? '', /^https:\/\/lore\.kernel\.org\//);
  assert.match(String(issue?.misc['introduced_by']), /2cd571245b43/);
  assert.match(String(issue?.misc['fix']), /kvm-hv-xfer-to-guest/);
  assert.equal(report.incidents.length, 3);
});

test('kcidb: files of the run where they are published, those that are there', () =>
  inFolder(async (dir) => {
    const job = jobWith({ facts: { ...gitKernel, patchset_hash: series } });
    const run = sampleRun({ jobs: [job], verdicts: [] });
    await writeRun(dir, run);
    for (const name of ['console.log', 'build.log', 'config', 'patch-0001.patch', 'odd name']) {
      await writeFile(join(dir, job.name, name), name);
    }
    const baseUrl = 'https://ci.example.org/results';
    const report = JSON.parse(await renderKcidb(run, dir, { baseUrl })) as KcidbReport;
    assertValid(report);
    const place = `${baseUrl}/${run.run}/${job.name}`;
    assert.equal(report.tests[0]?.log_url, `${place}/console.log`);
    assert.equal(report.tests[1]?.log_url, `${place}/console.log`);
    assert.equal(report.builds[0]?.config_url, `${place}/config`);
    assert.equal(report.builds[0]?.log_url, `${place}/build.log`);
    assert.deepEqual(report.checkouts[0]?.patchset_files, [
      { name: 'patch-0001.patch', url: `${place}/patch-0001.patch` },
    ]);
    const names = report.tests[0]?.output_files?.map(({ name }) => name) ?? [];
    assert.ok(names.includes('config') && !names.includes('odd name'));
    const without = JSON.parse(await renderKcidb(run, dir)) as KcidbReport;
    assert.doesNotMatch(JSON.stringify(without), /"(?:log|config)_url"|_files"/);
  }));
