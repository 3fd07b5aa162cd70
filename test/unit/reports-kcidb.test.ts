// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { kcidbReport, maxExcerpt, renderKcidb } from '../../src/reports/kcidb.js';
import { issuesOf, noSource } from '../../src/reports/kcidb-source.js';
import type { KcidbReport } from '../../src/reports/kcidb-types.js';
import { assertLinked, assertValid, isValid } from './kcidb-schema.js';
import { inFolder, pairRun, writeRun } from './reports-html-run.js';
import { hostileText, sampleRun } from './reports-run.js';
import { caseWith, jobWith } from './verdict-evidence.js';

const oneJob = (job: Partial<JobResult>): RunResult =>
  sampleRun({ jobs: [jobWith(job)], verdicts: [] });

test('kcidb: the schema of this test does refuse', () => {
  assert.equal(isValid({ version: { major: 5, minor: 3 }, tests: [{ id: 'x' }] }), false);
});

test('kcidb: runs of every kind are valid and linked', () => {
  for (const run of [sampleRun(), pairRun(['a', 'b']), sampleRun({ jobs: [], verdicts: [] })]) {
    const report = kcidbReport(run, {});
    assertValid(report);
    assertLinked(report);
  }
});

test('kcidb: one kernel of the matrix is a build for each architecture', () => {
  const job = jobWith({});
  const ofArm = { ...job, name: 'arm', facts: { ...job.facts, kernel_architecture: 'arm64' } };
  const unknown = { ...job, name: 'odd', facts: { ...job.facts, kernel_architecture: 'nonesuch' } };
  const { builds, tests } = kcidbReport(
    sampleRun({ jobs: [job, ofArm, unknown], verdicts: [] }),
    {},
  );
  assert.deepEqual(
    builds.map(({ architecture }) => architecture),
    ['powerpc64le', 'arm64', 'powerpc64le'],
  );
  assert.equal(new Set(tests.map(({ build_id }) => build_id)).size, 3);
});

test('kcidb: tests have paths under kvm.busy_guest, metrics stand on their case', () => {
  const { tests } = kcidbReport(pairRun(['a']), {});
  const find = (path: string) => tests.filter((one) => one.path === path);
  assert.deepEqual(
    find('kvm.busy_guest').map(({ status }) => status),
    ['FAIL', 'PASS'],
  );
  const [dies] = find('kvm.busy_guest.busy_guest_dies_at_once');
  assert.equal(dies?.status, 'FAIL');
  assert.deepEqual(dies?.number, { value: 14.1, unit: 's', prefix: 'metric' });
  assert.deepEqual(dies?.misc['metrics'], {
    kill_latency: { value: 14_100_000, unit: 'us' },
    bound: { value: 200_000, unit: 'us' },
  });
  const [quota] = find('kvm.busy_guest.busy_guest_obeys_quota');
  assert.deepEqual(quota?.number, { value: 3.33 });
  assert.equal(quota?.environment.misc['platform'], 'a');
  // A dashboard counts every other status as inconclusive.
  assert.ok(tests.every(({ status }) => ['PASS', 'FAIL'].includes(status)));
  assert.ok(tests.every(({ path }) => path.startsWith('kvm.busy_guest')));
  const other = kcidbReport(oneJob({ test: 'two vcpus.x' }), {}).tests[0];
  assert.equal(other?.path, 'kvm.busy_guest.two_vcpus_x');
});

test('kcidb: checkout and build say what is known, and guess nothing', () => {
  const hash = 'ab'.repeat(32);
  const commit = '0123456789abcdef0123456789abcdef01234567';
  const facts = {
    kernel_source: `git tree at ${commit}`,
    patchset_hash: hash,
    kernel_config: 'base kvm',
    toolchain: 'gcc 12.2.0',
    git_repository_url: 'https://user:password@example.org/linux.git',
  };
  const report = kcidbReport(
    oneJob({
      facts,
      payloadFacts: { compatible: 'qemu,pseries  ok' },
      timesMs: { build: 240_000, test: 1500 },
    }),
    {},
  );
  assertValid(report);
  assert.equal(report.checkouts[0]?.patchset_hash, hash);
  assert.equal(report.checkouts[0]?.git_commit_hash, commit);
  assert.equal(report.checkouts[0]?.git_repository_url, undefined);
  assert.equal(report.builds[0]?.duration, 240);
  assert.equal(report.builds[0]?.config_name, 'base kvm');
  assert.deepEqual(report.tests[0]?.environment.compatible, ['qemu,pseries', 'ok']);
  assert.equal(report.tests[0]?.duration, 1.5);
  const hashOf = (patches: string) =>
    kcidbReport(oneJob({ facts: { kernel_patches: patches } }), {}).checkouts[0]?.patchset_hash;
  const urlOf = (url: string) =>
    kcidbReport(oneJob({ facts: { git_repository_url: url } }), {}).checkouts[0]
      ?.git_repository_url;
  const mainline = 'https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git';
  assert.equal(urlOf(mainline), mainline);
  assert.equal(urlOf('ssh://git.kernel.org/linux.git'), undefined);
  assert.equal(hashOf('none'), '');
  assert.equal(hashOf('0001-fix.patch'), undefined);
});

test('kcidb: what did not build, apply or run', () => {
  const build = {
    status: 'ERROR',
    decidedBy: 'build',
    reason: 'kvm.c:1: error: x',
    cases: [],
  } as const;
  const source = { ...noSource, buildTail: 'CC kvm.o\nkvm.c:1: error: x\n' };
  const failed = jobWith(build);
  const broken = kcidbReport(sampleRun({ jobs: [failed] }), { [failed.name]: source });
  assertValid(broken);
  assert.equal(broken.builds[0]?.status, 'FAIL');
  assert.match(broken.builds[0]?.log_excerpt ?? '', /CC kvm\.o/);
  assert.deepEqual(broken.tests, []);
  const input = kcidbReport(oneJob({ ...build, decidedBy: 'input', reason: 'does not apply' }), {});
  assertValid(input);
  assert.equal(input.checkouts[0]?.valid, false);
  assert.match(input.checkouts[0]?.log_excerpt ?? '', /does not apply/);
  assert.deepEqual(input.builds, []);
  const away = kcidbReport(oneJob({ status: 'SKIP', decidedBy: 'device', cases: [] }), {});
  assert.deepEqual([away.checkouts, away.builds, away.tests], [[], [], []]);
});

test('kcidb: a known fault is an incident of the issue that the job matrix names', () =>
  inFolder(async (dir) => {
    const fault = {
      class: 'warning',
      title: 'WARNING in kvmhv_x',
      phase: 'test',
      lines: ['WARNING'],
    } as const;
    const other = { ...fault, class: 'oops', title: 'Oops in y' };
    const job = jobWith({ faults: [fault, other] });
    const run = sampleRun({ jobs: [job], verdicts: [] });
    await writeRun(dir, run);
    const reason = 'harmless, see https://bugzilla.kernel.org/show_bug.cgi?id=1';
    const knownFaults = [
      { title: '^WARNING in kvmhv', reason },
      { title: '(', reason: 'no expression' },
    ];
    await writeFile(
      join(dir, job.name, 'job.json'),
      JSON.stringify({ name: job.name, knownFaults }),
    );
    const report = JSON.parse(await renderKcidb(run, dir, { origin: 'lab_1' })) as KcidbReport;
    assertValid(report);
    assertLinked(report);
    assert.equal(report.issues.length, 1);
    assert.equal(report.issues[0]?.report_url, 'https://bugzilla.kernel.org/show_bug.cgi?id=1');
    assert.match(report.issues[0]?.id ?? '', /^lab_1:known-fault-/);
    assert.deepEqual(
      report.incidents.map(({ comment, present }) => [comment, present]),
      [['WARNING in kvmhv_x', true]],
    );
    assert.deepEqual(issuesOf({ knownFaults: 'none' }), []);
  }));

test('kcidb: faults come first in the excerpt, else the end of the console; both bounded', () => {
  const lines = Array.from({ length: 5000 }, (_, index) => `line ${index} ${'x'.repeat(1000)}`);
  const fault = { class: 'oops', title: 'Oops', phase: 'test', lines } as const;
  const job = jobWith({ status: 'FAIL', decidedBy: 'fault', faults: [fault] });
  const source = { ...noSource, consoleTail: `${'\u00e9'.repeat(20_000)}the end` };
  const excerptOf = (one: JobResult) =>
    kcidbReport(sampleRun({ jobs: [one] }), { [one.name]: source }).tests[0]?.log_excerpt ?? '';
  assert.match(excerptOf(job), /^oops in phase test: Oops\nline 0/);
  assert.ok(excerptOf(job).length <= maxExcerpt);
  const silent = { ...job, faults: [], status: 'MISS' as const };
  assert.match(excerptOf(silent), /the end$/);
  assert.ok(excerptOf(silent).length <= maxExcerpt);
  assert.equal(excerptOf({ ...silent, status: 'PASS' }), '');
});

test('kcidb: valid whatever a console put into the results', () => {
  const text = fc.oneof(fc.constant(hostileText), fc.string({ unit: 'binary' }));
  const number = fc.double();
  fc.assert(
    fc.property(fc.oneof(text, fc.webUrl()), number, (bad, value) => {
      const fault = { class: bad, title: bad, phase: 'test', lines: [bad] } as const;
      const job = jobWith({
        name: bad,
        kernel: bad,
        device: bad,
        test: bad,
        reason: bad,
        status: 'FAIL',
        cases: [caseWith(bad, 'FAIL', { [`m${bad}`]: value }, bad), caseWith(bad, 'FAIL', {})],
        faults: [fault, fault],
        facts: {
          ...{ kernel_source: bad, patchset_hash: bad, git_branch: bad, git_describe: bad },
          ...{ git_repository_url: bad, git_commit: bad, [`f${bad}`]: bad },
        },
        payloadFacts: { compatible: bad, [`f${bad}`]: bad },
      });
      const run = sampleRun({ run: bad, startedAt: bad, jobs: [job, job], verdicts: [] });
      const issues = [{ title: /(?:)/, reason: `https://${bad}` }];
      const report = kcidbReport(
        run,
        {
          [bad]: {
            ...{ issues, consoleTail: bad, buildTail: bad },
            ...{ files: ['console.log', 'config'], patches: ['patch-0001.patch'] },
          },
        },
        { baseUrl: 'https://ci.example.org' },
      );
      assertValid(report);
      assertLinked(report);
    }),
  );
});

test('kcidb: ids are those of the run, the same every time', () => {
  const run = pairRun(['a']);
  assert.deepEqual(kcidbReport(run, {}), kcidbReport(run, {}));
  const ids = (one: RunResult): string[] => kcidbReport(one, {}).tests.map(({ id }) => id);
  const later = { ...run, jobs: run.jobs.map((job) => ({ ...job, timesMs: { boot: 411 } })) };
  assert.ok(ids(later).every((id) => !ids(run).includes(id)));
});
