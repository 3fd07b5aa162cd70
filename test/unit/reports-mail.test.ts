// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobResult, RunResult } from '../../src/model/result.js';
import type { Status } from '../../src/model/status.js';
import { renderDraft } from '../../src/reports/mail-draft.js';
import { renderMail } from '../../src/reports/mail.js';
import { facts, fixed, job, run } from './reports-mail-run.js';

test('where machines differ, the verdict says what holds on which; a machine that is not here says nothing', () => {
  const [first, second] = fixed.verdicts;
  assert.ok(first && second);
  const absent = 'qemu-powernv11';
  const jobs = [
    ...fixed.jobs,
    job('base', absent, 'SKIP', { decidedBy: 'device' }),
    job('patched', absent, 'SKIP', { decidedBy: 'device' }),
  ];
  const mail = renderMail(
    {
      ...{ ...fixed, jobs, overall: 'no-effect' },
      verdicts: [
        first,
        { ...second, verdict: 'no-effect' },
        { ...second, device: absent, verdict: 'inconclusive' },
      ],
    },
    facts,
  );
  const [, sentence = ''] = /^(Verdict: [^]*?)\n\n/m.exec(mail) ?? [];
  assert.equal(
    sentence.replace(/\s+/g, ' '),
    'Verdict: no-effect: on powernv8 the base lets the guest exceed its limit, and the series does not change that; ' +
      'on pseries-papr-p10 the base lets the guest exceed its limit; with the series the limit holds.',
  );
});

test('a mail names what a verdict of one word does not say, once for all machines', () => {
  const verdicts = fixed.verdicts.map((pair) => ({
    ...pair,
    stillBroken: ['ceding_guest_is_never_throttled'],
    mended: ['busy_guest_obeys_quota'],
    newlyBroken: [],
  }));
  assert.match(
    renderMail({ ...fixed, verdicts }, facts),
    /^patched: still broken: ceding_guest_is_never_throttled\n\(pseries-papr-p10, powernv8\)$/m,
  );
});

test('a mail about several tests has a table for each, under its name, with its own numbers', () => {
  const selftest = (kernel: string, status: Status): JobResult =>
    job(kernel, 'qemu-powernv8', status, {
      ...{ test: 'kselftest', program: 'kselftest' },
      cases: [
        { name: 'cgroup:test_cpu.a', status: 'PASS', metrics: [] },
        { name: 'cgroup:test_cpu.b', status, metrics: [] },
      ],
    });
  const [, base, , patched] = fixed.jobs;
  assert.ok(base && patched);
  const jobs = [base, selftest('base', 'FAIL'), patched, selftest('patched', 'FAIL')];
  const pairOf = { base: 'base', patched: 'patched', device: 'qemu-powernv8' };
  const mail = renderMail(
    {
      ...fixed,
      jobs,
      verdicts: [
        { ...pairOf, test: 't', verdict: 'fixed' },
        {
          ...{ ...pairOf, test: 'kselftest', verdict: 'unchanged' },
          ...{ mended: [], newlyBroken: [], stillBroken: ['cgroup:test_cpu.b'] },
        },
      ],
    },
    facts,
  );
  assert.match(
    mail,
    new RegExp(
      [
        '^t:',
        'machine +kernel +status +use/limit +kill takes +verdict',
        'powernv8 +base +FAIL +3.31 x +6.99 s',
        ' +patched +PASS +1.00 x +3.80 ms +fixed',
        '',
        'kselftest:',
        'machine +kernel +status +passed +failed +skipped +verdict',
        'powernv8 +base +FAIL +1 +1 +0',
        ' +patched +FAIL +1 +1 +0 +unchanged$',
      ].join('\n'),
      'm',
    ),
  );
  assert.match(mail, /^patched, kselftest: still broken: cgroup:test_cpu\.b \(powernv8\)$/m);
  assert.match(mail, /^fixed: .*kselftest: unchanged; still broken in\s+kselftest:/ms);
});

test('a mail says what ran where, the numbers, the verdict, how to do it again, and who tested', () => {
  assert.equal(
    renderMail(fixed, { ...facts, command: 'busyguest check --series 1@example.org' }),
    `fixed: patched keeps the limit on all 2 machines; base breaks the limit
on all 2 machines: 3.31 x the quota (7.2.13)

Test:      does a CPU-bound KVM guest stay within cpu.max? busyguest
           0.1.0
Base:      kvm/next, commit 0123456789ab ("Merge tag 'kvm-ppc-7.3-1' of
           git://host/a/very/long/path into HEAD") (7.2.13)
Series:    [PATCH v2 1/2] KVM: PPC: first (commit aaaaaaaaaaaa)
           [PATCH v2 2/2] KVM: PPC: the second one, whose subject is too
           long for one line
Compiled:  all 2 files that the series changes
Compiler:  powerpc64le-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0; GNU ld
           (GNU Binutils for Debian) 2.40
Machines:  emulated by QEMU emulator version 10.0.2; no real hardware
Limit:     30000 us of every 100000 us, 1 vCPU

machine           kernel   status  use/limit  kill takes  verdict
pseries-papr-p10  base     FAIL       3.31 x      6.99 s
                  patched  PASS       1.00 x     3.80 ms  fixed
powernv8          base     FAIL       3.31 x      6.99 s
                  patched  PASS       1.00 x     3.80 ms  fixed

Verdict: fixed: the base lets the guest exceed its limit; with the
series the limit holds.

To reproduce, in a clone of Linux that has the base, with b4, which
fetches the series:
  busyguest check --series 1@example.org

Config: allnoconfig with PPC64 NR_CPUS=16

Passed on pseries-papr-p10, powernv8.

Tested-by: Zoë Tester <zoe@example.org> # cpu.max with a busy KVM guest, 2 emulated machines
`,
  );
});

test('no line is longer than 72 columns, but for a path that cannot be broken', () => {
  const hostile = run('inconclusive', [
    job('base', 'a-device-with-a-very-long-name-indeed', 'ERROR', {
      reason: `console: \u001b[31m${'word '.repeat(60)}\nsecond line`,
      decidedBy: 'machine',
    }),
    job('patched', 'a-device-with-a-very-long-name-indeed', 'SKIP', {
      decidedBy: 'device',
      reason: 'x'.repeat(300),
    }),
  ]);
  for (const result of [fixed, hostile]) {
    for (const line of renderMail(result, facts).split('\n')) {
      assert.ok(line.length <= 72 || /long\/long|^Tested-by/.test(line), line);
      assert.ok(!line.includes('\u001b'));
    }
  }
});

test('the command survives being broken into lines', () => {
  const mail = renderMail(fixed, facts);
  const shown = /fetches the series:\n([^]*?)\n\n/.exec(mail)?.[1] ?? '';
  assert.equal(shown.replace(/ \\\n/g, '').replace(/ +/g, ' ').trim(), facts.command);
});

for (const [overall, patched] of [
  ['no-effect', job('patched', 'qemu-powernv8', 'FAIL')],
  ['fixed', job('patched', 'qemu-powernv8', 'FAIL', { decidedBy: 'fault', reason: 'oops' })],
  ['inconclusive', job('patched', 'qemu-powernv8', 'SKIP', { decidedBy: 'device' })],
] as const) {
  test(`no Tested-by for ${overall} with ${patched.status}`, () => {
    const result = run(overall, [job('base', 'qemu-powernv8', 'FAIL'), patched]);
    assert.doesNotMatch(renderMail(result, facts), /Tested-by/);
  });
}

test('a build failure shows the line of the compiler', () => {
  const reason = 'arch/powerpc/kvm/book3s_hv.c:1:2: error: no such thing';
  const broken = job('patched', 'qemu-powernv8', 'FAIL', { decidedBy: 'build', reason });
  const mail = renderMail(
    run('inconclusive', [job('base', 'qemu-powernv8', 'FAIL'), broken]),
    facts,
  );
  assert.match(
    mail,
    /^patched: FAIL: arch\/powerpc\/kvm\/book3s_hv\.c:1:2: error: no such thing$/m,
  );
});

test('without a name in git there is a line to fill in; a real machine is not called emulated', () => {
  const { tester, ...unnamed } = facts;
  assert.ok(tester);
  const real = fixed.jobs.map((one) => ({
    ...one,
    deviceFacts: { ...one.deviceFacts, accel: 'kvm' },
  }));
  const mail = renderMail(run('fixed', real), unnamed);
  assert.match(
    mail,
    /^Tested-by: YOUR NAME <YOUR ADDRESS> # cpu\.max with a busy KVM guest, 2 machines$/m,
  );
  assert.match(mail, /^Machines: {2}KVM with QEMU/m);
});

const covering = (facts: Record<string, string>): RunResult => ({
  ...fixed,
  jobs: fixed.jobs.map((one) => ({ ...one, facts: { ...one.facts, ...facts } })),
});

test('a tag is for what was compiled only, and there is none where nobody knows', () => {
  const part = renderMail(
    covering({
      files_not_compiled: '3 of 5: arch/x86/kvm (2), net/core (1)',
      patches_not_compiled: '2.patch',
    }),
    facts,
  );
  assert.match(
    part,
    /^Compiled: {2}2 of 5 files of the series; not compiled: arch\/x86\/kvm \(2\),\n {11}net\/core \(1\)$/m,
  );
  assert.match(part, /^The tag is for patch 1 only\.$/m);
  assert.match(part, /^Tested-by: Zoë Tester <zoe@example\.org> # patch 1; cpu\.max/m);
  const none = covering({
    files_not_compiled: '2 of 2: net (2)',
    patches_not_compiled: '1.patch 2.patch',
  });
  assert.match(renderMail(none, facts), /^No Tested-by: of every patch/m);
  assert.doesNotMatch(renderMail(none, facts), /^Tested-by/m);
  const jobs = fixed.jobs.map((one) => {
    const known = Object.entries(one.facts).filter(([name]) => name !== 'files_not_compiled');
    return { ...one, facts: Object.fromEntries(known) };
  });
  assert.match(renderMail({ ...fixed, jobs }, facts), /^No Tested-by: it is not known/m);
});

test('with a kernel for each patch the mail names the patch that mends, by its title', () => {
  const jobs = ['base', 'patch-1', 'patch-2'].map((kernel) =>
    job(kernel, 'qemu-powernv8', kernel === 'patch-2' ? 'PASS' : 'FAIL'),
  );
  const pair = { base: 'base', device: 'qemu-powernv8', test: 't' };
  const verdicts = [
    { ...pair, patched: 'patch-1', verdict: 'no-effect' },
    { ...pair, patched: 'patch-2', verdict: 'fixed' },
  ] as const;
  assert.match(
    renderMail({ ...run('fixed', jobs), verdicts }, facts),
    /^Patch 2 mends it: \[PATCH v2 2\/2\] KVM: PPC: the second one/m,
  );
});

const reply = {
  from: 'Ann Äuthor <ann@example.org>',
  to: ['kvm@example.org', 'List, PPC <ppc@example.org>', 'Zoe <ZOE@example.org>'],
  cc: ['Bob <bob@example.org>', 'ann@example.org'],
  subject: '[PATCH v2 0/2] KVM: PPC: do it',
  messageId: '<cover@example.org>',
  references: ['<v1@example.org>'],
};

test('a draft answers the series: everybody who got it, not the tester, in its thread', async () => {
  const draft = renderDraft(fixed, { ...facts, reply });
  const { default: PostalMime } = await import('postal-mime');
  const mail = await PostalMime.parse(draft);
  assert.equal(mail.subject, 'Re: [PATCH v2 0/2] KVM: PPC: do it');
  assert.equal(mail.from?.name, 'Zoë Tester');
  assert.deepEqual(
    mail.to?.map(({ name, address }) => [name, address]),
    [['Ann Äuthor', 'ann@example.org']],
  );
  assert.deepEqual(
    mail.cc?.map(({ name, address }) => [name, address]),
    [
      ['', 'kvm@example.org'],
      ['List, PPC', 'ppc@example.org'],
      ['Bob', 'bob@example.org'],
    ],
  );
  assert.equal(mail.inReplyTo, '<cover@example.org>');
  assert.equal(mail.references, '<v1@example.org> <cover@example.org>');
  assert.equal(mail.text?.trim(), renderMail(fixed, facts).trim());
  for (const line of draft.split('\n\n')[0]?.split('\n') ?? []) assert.match(line, /^[ -~]*$/);
});

test('a stranger puts no header into a draft', () => {
  const hostile = {
    from: 'A\nBcc: evil@example.org <a@example.org>',
    to: ['x\r\nSubject: y <b@example.org>', 'b@example.org, c@example.org', '<|sh@x> d e'],
    cc: [],
    subject: '[PATCH] a\nBcc: evil@example.org\n\nbody',
    messageId: '<a@b>\nBcc: x@y',
    references: ['<ok@x>', 'no id'],
  };
  const draft = renderDraft(fixed, { ...facts, reply: hostile });
  const [head = ''] = draft.split('\n\n');
  assert.doesNotMatch(head, /^Bcc:/im);
  assert.equal(head.match(/^Subject:/gm)?.length, 1);
  assert.doesNotMatch(head, /^In-Reply-To:/m);
  assert.match(head, /^References: <ok@x>$/m);
  assert.doesNotMatch(head, /c@example\.org|sh@x/);
});
