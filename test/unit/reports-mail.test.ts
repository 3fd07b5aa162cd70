// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JobResult, RunResult } from '../../src/model/result.js';
import type { Status, Verdict } from '../../src/model/status.js';
import { renderMail, type MailFacts } from '../../src/reports/mail.js';

const facts: MailFacts = {
  base: 'kvm/next, commit 0123456789ab ("Merge tag \'kvm-ppc-7.3-1\' of git://host/a/very/long/path into HEAD")',
  patches: [
    '[PATCH v2 1/2] KVM: PPC: first',
    '[PATCH v2 2/2] KVM: PPC: the second one, whose subject is too long for one line',
  ],
  command: `busyguest check --tree . --base ${'0'.repeat(40)} --series /home/somebody/mail/${'long/'.repeat(16)}series.mbox --device qemu-powernv8`,
  tester: 'Zoë Tester <zoe@example.org>',
};

function job(
  kernel: string,
  device: string,
  status: Status,
  more: Partial<JobResult> = {},
): JobResult {
  const values = status === 'FAIL' ? [3.31, 6_990_000] : [1, 3800];
  const metrics = [
    { name: 'overrun_ratio', value: values[0] ?? 0, unit: 'ratio' },
    { name: 'kill_latency', value: values[1] ?? 0, unit: 'us' },
  ];
  return {
    name: `${kernel}-${device}`,
    kernel,
    device,
    test: 't',
    status,
    decidedBy: 'cases',
    reason: 'numbers',
    expect: 'PASS',
    asExpected: true,
    cases: [{ name: 'busy_guest_obeys_quota', status, metrics }],
    faults: [],
    deviceFacts: {
      accel: 'tcg',
      qemu: 'QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds-2+deb13u1~bpo12+1)',
    },
    facts: {
      limit: '30000 100000',
      vcpus: '1',
      kernel_config: 'minimal',
      kernel_release: '7.2.13',
      toolchain:
        'powerpc64le-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0; GNU ld (GNU Binutils for Debian) 2.40',
    },
    timesMs: {},
    reused: false,
    ...more,
  };
}

function run(overall: Verdict, jobs: JobResult[]): RunResult {
  const verdicts = jobs
    .filter(({ kernel }) => kernel === 'patched')
    .map(({ device }) => ({
      base: 'base',
      patched: 'patched',
      device,
      test: 't',
      verdict: overall,
    }));
  return {
    schema: 2,
    run: 'r',
    startedAt: '',
    matrix: 'm',
    verdicts,
    overall,
    jobs,
    interrupted: false,
  };
}

const fixed = run('fixed', [
  job('base', 'qemu-pseries-papr-p10', 'FAIL'),
  job('base', 'qemu-powernv8', 'FAIL'),
  job('patched', 'qemu-pseries-papr-p10', 'PASS'),
  job('patched', 'qemu-powernv8', 'PASS'),
]);

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

test('a mail says what ran where, the numbers, the verdict, how to do it again, and who tested', () => {
  assert.equal(
    renderMail(fixed, { ...facts, command: 'busyguest check --series s.mbox' }),
    `busyguest: does a CPU-bound KVM guest stay within its cpu.max limit?

Base:      kvm/next, commit 0123456789ab ("Merge tag 'kvm-ppc-7.3-1' of
           git://host/a/very/long/path into HEAD") (7.2.13)
Series:    [PATCH v2 1/2] KVM: PPC: first
           [PATCH v2 2/2] KVM: PPC: the second one, whose subject is too
           long for one line
Config:    minimal
Compiler:  powerpc64le-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0; GNU ld
           (GNU Binutils for Debian) 2.40
Machines:  emulated by QEMU emulator version 10.0.2
Limit:     30000 us of every 100000 us, 1 vCPU

machine           kernel   status  use/limit  kill takes  verdict
pseries-papr-p10  base     FAIL       3.31 x      6.99 s
                  patched  PASS       1.00 x     3.80 ms  fixed
powernv8          base     FAIL       3.31 x      6.99 s
                  patched  PASS       1.00 x     3.80 ms  fixed

Verdict: fixed: the base lets the guest exceed its limit; with the
series the limit holds.

To reproduce:
  busyguest check --series s.mbox

Passed on pseries-papr-p10, powernv8.

Tested-by: Zoë Tester <zoe@example.org> # emulated
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
      assert.ok(line.length <= 72 || line.includes('/long/long/'), line);
      assert.ok(!line.includes('\u001b'));
    }
  }
});

test('the command survives being broken into lines', () => {
  const mail = renderMail(fixed, facts);
  const shown = /To reproduce:\n([^]*?)\n\n/.exec(mail)?.[1] ?? '';
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
  const { base, patches, command } = facts;
  const real = fixed.jobs.map((one) => ({
    ...one,
    deviceFacts: { ...one.deviceFacts, accel: 'kvm' },
  }));
  const mail = renderMail(run('fixed', real), { base, patches, command });
  assert.match(mail, /^Tested-by: YOUR NAME <YOUR ADDRESS>$/m);
  assert.match(mail, /^Machines: {2}KVM with QEMU/m);
});
