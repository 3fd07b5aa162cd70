// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { reportsOfRun } from '../../src/cli/reports.js';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { runReports } from '../../src/reports/report.js';
import { busyguest, folder } from '../integration/cli.js';
import { writeRun } from '../unit/reports-html-run.js';
import { sampleRun } from '../unit/reports-run.js';
import { caseWith, casesWith, jobWith } from '../unit/verdict-evidence.js';
import { finishedCheck } from './recorded-check.js';

// README's three uses, on recorded runs: what each of these people reads at the end, in every report. That the runs come
// out so is for test/integration/readme.test.ts and test/packages/readme.test.ts.

const devices = ['qemu-pseries-p9', 'qemu-powernv8'] as const;

/** The bug that busyguest is about, as a kernel from v6.18 on shows it. */
const broken: Partial<JobResult> = {
  status: 'FAIL',
  asExpected: false,
  reason: 'busy_guest_obeys_quota: 3.30 x the quota',
  cases: casesWith(
    caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.3, usage: 6_000_000 }),
    caseWith('busy_guest_is_throttled', 'FAIL', { nr_throttled: 9, throttled: 0 }),
  ),
};

const jobsOf = (
  kernel: string,
  facts: Readonly<Record<string, string>>,
  what: Partial<JobResult> = {},
): readonly JobResult[] =>
  devices.map((device) =>
    jobWith({ name: `${kernel}-${device}-busy-guest`, kernel, device, facts, ...what }),
  );

/** A run without pairs in results/, with its reports. */
async function record(results: string, run: Partial<RunResult>): Promise<string> {
  const whole = sampleRun({ verdicts: [], overall: 'none', ...run });
  const dir = join(results, whole.run);
  await writeRun(dir, whole);
  assert.deepEqual(await runReports(reportsOfRun(undefined), whole, dir), []);
  return dir;
}

const read = (...parts: string[]): Promise<string> => readFile(join(...parts), 'utf8');
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
const oneLine = (text: string): string => text.replace(/\s+/g, ' ');

test("a distribution's QA: which version keeps the limit and which breaks it, everywhere, and what to do", async (context) => {
  const results = await folder(context);
  const dir = await record(results, {
    run: '20261101-120000-qualify',
    matrix: 'qualify.yaml',
    jobs: [
      ...jobsOf('stable', { kernel_source: 'linux-image-powerpc64le 6.12.107-1 (Debian stable)' }),
      ...jobsOf('sid', { kernel_source: 'linux-image-powerpc64le 7.2.13-1 (Debian sid)' }, broken),
    ],
  });
  const sentence =
    'sid (linux-image-powerpc64le 7.2.13-1) breaks the limit on all 2 machines: 3.30 x the quota; ' +
    'stable (linux-image-powerpc64le 6.12.107-1) keeps the limit';
  const { code, stdout } = await busyguest('report', dir, '--report', `markdown=${dir}/x.md`);
  assert.equal(code, 1);
  assert.equal(lastLine(stdout), sentence);
  assert.ok((await read(dir, 'x.md')).startsWith(`### busyguest: ${sentence}\n`));
  const page = await read(dir, 'report.html');
  assert.ok(page.includes(`<title>busyguest: ${sentence}</title>`));
  assert.ok((await read(results, 'index.html')).includes(sentence));
  const asJson = await busyguest('report', dir, '--json');
  assert.equal((JSON.parse(asJson.stdout) as { headline: string }).headline, sentence);
  // What is known of it, and how one goes on, for who has never heard of task work.
  for (const text of [oneLine(stdout), page]) {
    assert.match(text, /2cd571245b43/);
    assert.match(text, /xfer_to_guest_mode_handle_work\(\)/);
    assert.match(text, /jobs\/patches\/kvm-hv-xfer-to-guest/);
  }
  assert.match(page, /busyguest bundle results\/20261101-120000-qualify\/sid-qemu-pseries-p9-/);
  assert.match(page, /busyguest bisect --tree TREE --good GOOD --bad BAD/);
});

test('the owner of a nightly: what is new, between which commits, and the line that finds the one', async (context) => {
  const results = await folder(context);
  const night = (day: number, commit: string, what?: Partial<JobResult>): Promise<string> =>
    record(results, {
      run: `2026110${day}-020000-nightly`,
      startedAt: `2026-11-0${day}T02:00:00.000Z`,
      matrix: 'jobs/follow.job.ts',
      jobs: jobsOf(
        'master',
        { git_commit: commit.repeat(40), kernel_source: `linux ${commit.repeat(12)}` },
        what,
      ),
    });
  await night(1, 'a');
  const dir = await night(2, 'b', broken);
  const sentence =
    'master breaks the limit on all 2 machines: 3.30 x the quota (commit bbbbbbbbbbbb)';
  const change =
    'since 20261101-020000-nightly: 2 new failures: master-qemu-pseries-p9-busy-guest (PASS -> FAIL), ' +
    'master-qemu-powernv8-busy-guest (PASS -> FAIL) (commit aaaaaaaaaaaa -> commit bbbbbbbbbbbb)';
  const bisect = `busyguest bisect --tree TREE --good ${'a'.repeat(40)} --bad ${'b'.repeat(40)} --device qemu-pseries-p9`;
  const compared = await busyguest('compare', '--results', results);
  assert.equal(compared.code, 1);
  assert.equal(lastLine(compared.stdout), change);
  assert.ok(compared.stdout.includes(`to find the commit:\n  ${bisect}\n`), compared.stdout);
  const shown = await busyguest('report', dir);
  assert.equal(lastLine(shown.stdout), sentence);
  assert.ok(shown.stdout.includes(change) && shown.stdout.includes(bisect), shown.stdout);
  const page = await read(dir, 'report.html');
  assert.ok(page.includes(`<title>busyguest: ${sentence}</title>`));
  assert.ok(page.includes(bisect));
  const index = await read(results, 'index.html');
  const [, newest = ''] = /<tbody>(.*?)<\/tr>/s.exec(index) ?? [];
  assert.ok(newest.includes(sentence), newest);
  assert.match(newest, /▼ 2 worse/);
  assert.match(newest, /<td data-label="tested">commit bbbbbbbbbbbb</);
  // The night after: nothing is new, so a pipeline with --exit-on new-failures is not red again.
  await night(3, 'c', broken);
  const after = await busyguest('compare', '--results', results);
  assert.equal(after.code, 0);
  assert.match(lastLine(after.stdout), /: 2 jobs still failing \(commit b{12} -> commit c{12}\)$/);
  // The night on which it is mended: the same command finds what mended it.
  await night(4, 'd');
  const mended = await busyguest('compare', '--results', results);
  assert.match(lastLine(mended.stdout), /: 2 jobs fixed: .* \(commit c{12} -> commit d{12}\)$/);
  const mending = bisect
    .replace('a'.repeat(40), 'd'.repeat(40))
    .replace('b'.repeat(40), 'c'.repeat(40));
  assert.ok(mended.stdout.includes(`to find the commit:\n  ${mending}\n`), mended.stdout);
});

test('a maintainer: the sentence, and a mail that can be sent as it is', async (context) => {
  const dir = join(await folder(context), 'one');
  const draft = join(dir, 'reply.eml');
  const id = '20261125093000.1111-1-joerg@example.org';
  await finishedCheck(
    dir,
    {
      base: `kvm/next, commit ${'0'.repeat(12)} ("Merge")`,
      patches: [
        { subject: '[PATCH v2 1/2] KVM: PPC: mend it', file: '1.patch' },
        { subject: '[PATCH v2 2/2] KVM: x86: the same', file: '2.patch' },
      ],
      where: 'in a clone of Linux that has the base, with b4, which fetches the series',
      command: `busyguest check --tree . --base ${'0'.repeat(40)} --series ${id}`,
      config: ['PPC64', 'KVM_BOOK3S_64_HV'],
      tester: 'Tess Tester <tess@example.org>',
      reply: {
        from: 'Jörg Müller <joerg@example.org>',
        to: ['linuxppc-dev@lists.example.org'],
        cc: ['Tess Tester <tess@example.org>', 'Maintainer, Sub <sub@example.org>'],
        subject: '[PATCH v2 0/2] KVM: keep the limit',
        messageId: `<${id}>`,
        references: [],
      },
    },
    {
      deviceFacts: { accel: 'tcg', qemu: 'QEMU emulator version 10.0.2' },
      facts: {
        files_not_compiled: '1 of 2: arch/x86/kvm (1)',
        patches_not_compiled: '2.patch',
      },
    },
  );
  const asked = ['check', '--resume', dir, '--quiet'];
  const { code, stdout } = await busyguest(...asked, '--mail', draft);
  const sentence =
    'fixed: patched keeps the limit on pseries-p9; base breaks the limit on pseries-p9: 3.30 x the quota';
  assert.equal(code, 0);
  assert.equal(lastLine(stdout), sentence);
  assert.match(stdout, /^To send it: git send-email .*reply\.eml$/m);
  const [head = '', ...paragraphs] = (await read(draft)).split('\n\n');
  const expected = [
    'From: Tess Tester <tess@example.org>',
    'To: =\\?UTF-8\\?B\\?\\S+\\?= <joerg@example\\.org>',
    'Cc: linuxppc-dev@lists\\.example\\.org,\\n "Maintainer, Sub" <sub@example\\.org>',
    'Subject: Re: \\[PATCH v2 0/2\\] KVM: keep the limit',
    `In-Reply-To: <${id}>`,
    `References: <${id}>`,
  ];
  for (const line of expected) assert.match(head, new RegExp(`^${line}$`, 'm'));
  assert.equal(oneLine(paragraphs[0] ?? ''), sentence);
  const text = oneLine(paragraphs.join(' '));
  for (const said of [
    `Base: kvm/next, commit ${'0'.repeat(12)}`,
    'Series: [PATCH v2 1/2] KVM: PPC: mend it [PATCH v2 2/2] KVM: x86: the same',
    'Compiled: 1 of 2 files of the series; not compiled: arch/x86/kvm (1)',
    'busyguest 0.1.0',
    'emulated by QEMU emulator version 10.0.2; no real hardware',
    'Config: allnoconfig with PPC64 KVM_BOOK3S_64_HV',
    'The tag is for patch 1 only.',
    'Tested-by: Tess Tester <tess@example.org> # patch 1; cpu.max with a busy KVM guest, 1 emulated machine',
  ]) {
    assert.ok(text.includes(said), `${said}\nis not in\n${text}`);
  }
  assert.ok(text.replaceAll('\\ ', '').includes(`--series ${id}`), text);
  assert.doesNotMatch(text, /nowhere|results\/|\/tmp\//);
  const asJson = await busyguest(...asked, '--json');
  assert.equal((JSON.parse(asJson.stdout) as { headline: string }).headline, sentence);
});
