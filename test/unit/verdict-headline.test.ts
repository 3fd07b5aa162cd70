// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { JobResult, RunResult } from '../../src/model/result.js';
import type { Status } from '../../src/model/status.js';
import { headlineOf } from '../../src/verdict/headline.js';
import { judgePair, overallVerdict, pairUp } from '../../src/verdict/pair.js';
import { caseWith, casesWith, jobWith } from './verdict-evidence.js';

const quota = 'busy_guest_obeys_quota';
const ceding = 'ceding_guest_is_never_throttled';
const broken = caseWith(quota, 'FAIL', { overrun_ratio: 3.3, usage: 1 });
const fails: Partial<JobResult> = {
  status: 'FAIL',
  decidedBy: 'cases',
  cases: casesWith(broken),
  reason: 'busy_guest_obeys_quota: 3.30 x the quota',
};
const passes: Partial<JobResult> = {};
const cedes = (status: Status): Partial<JobResult> => ({
  ...(status === 'FAIL' ? { status, decidedBy: 'cases' } : {}),
  cases: [...casesWith(), caseWith(ceding, status)],
});
const bookworm = { kernel_source: 'linux-image-6.1.0-38-powerpc64le 6.1.147-1 (Debian bookworm)' };
const sid = { kernel_source: 'linux-image-7.2.13-powerpc64le 7.2.13-1 (Debian sid)' };

function on(kernel: string, devices: string, what: Partial<JobResult>, facts = {}): JobResult[] {
  return devices
    .split(' ')
    .map((device) => jobWith({ kernel, device: `qemu-${device}`, facts, ...what }));
}

function run(jobs: readonly JobResult[], ...bases: readonly (readonly [string, string])[]) {
  const kernels = bases.map(([name, base]) => ({ name, base }));
  const pairs = pairUp(jobs, kernels);
  const told: Pick<RunResult, 'jobs' | 'verdicts' | 'overall' | 'interrupted'> = {
    jobs,
    verdicts: pairs.map(judgePair),
    overall: overallVerdict(pairs),
    interrupted: false,
  };
  return told;
}

const pair = ['patched', 'base'] as const;
const selftests = (statistics: Status, freezer: Status): Partial<JobResult> => ({
  ...{ test: 'kselftest', program: 'kselftest', decidedBy: 'cases', facts: {} },
  status: statistics === 'FAIL' || freezer === 'FAIL' ? 'FAIL' : 'PASS',
  cases: [
    caseWith('cgroup:test_cpu.statistics', statistics),
    caseWith('cgroup:test_freezer', freezer),
  ],
});
const elsewhere = (test: string, what: Partial<JobResult>): Partial<JobResult> => ({
  ...what,
  test,
});
const hv9 = { kvm: 'HV', cpu: 'POWER9 (architected), altivec supported' };
const hv8 = { kvm: 'HV', cpu: 'POWER8 (raw), altivec supported' };
const pr = { kvm: 'PR', cpu: 'POWER8 (architected), altivec supported' };
const situations: readonly (readonly [string, ReturnType<typeof run>, string])[] = [
  [
    'a package that breaks the limit',
    run(on('sid', 'pseries-p9 powernv8', fails, sid)),
    'sid breaks the limit on all 2 machines: 3.30 x the quota (linux-image-7.2.13-powerpc64le 7.2.13-1)',
  ],
  [
    'a fix of the loops of Book3S HV alone',
    run(
      [
        ...on('base', 'pseries-p9', { ...fails, payloadFacts: hv9 }),
        ...on('base', 'powernv8', { ...fails, payloadFacts: hv8 }),
        ...on('base', 'pseries-pr-p8 pseries-pr-p9', { ...fails, payloadFacts: pr }),
        ...on('patched', 'pseries-p9', { ...passes, payloadFacts: hv9 }),
        ...on('patched', 'powernv8', { ...passes, payloadFacts: hv8 }),
        ...on('patched', 'pseries-pr-p8 pseries-pr-p9', { ...fails, payloadFacts: pr }),
      ],
      pair,
    ),
    'no-effect: patched breaks the limit on 2 of 4 machines (pseries-pr-p8, pseries-pr-p9): 3.30 x the quota; base breaks the limit on all 4 machines: 3.30 x the quota; not mended: kvmppc_prepare_to_enter() (arch/powerpc/kvm/powerpc.c)',
  ],
  [
    'a fix of the POWER9 loop and of KVM-PR alone',
    run(
      [
        ...on('base', 'pseries-p9', { ...fails, payloadFacts: hv9 }),
        ...on('base', 'powernv8', { ...fails, payloadFacts: hv8 }),
        ...on('base', 'pseries-pr-p8', { ...fails, payloadFacts: pr }),
        ...on('patched', 'pseries-p9', { ...passes, payloadFacts: hv9 }),
        ...on('patched', 'powernv8', { ...fails, payloadFacts: hv8 }),
        ...on('patched', 'pseries-pr-p8', { ...passes, payloadFacts: pr }),
      ],
      pair,
    ),
    'no-effect: patched breaks the limit on 1 of 3 machines (powernv8): 3.30 x the quota; base breaks the limit on all 3 machines: 3.30 x the quota; not mended: kvmppc_run_vcpu() (arch/powerpc/kvm/book3s_hv.c)',
  ],
  [
    'a package that keeps it',
    run(on('sid', 'pseries-p9', passes, sid)),
    'sid keeps the limit on pseries-p9 (linux-image-7.2.13-powerpc64le 7.2.13-1)',
  ],
  [
    'two packages, one of which breaks it',
    run([
      ...on('bookworm', 'pseries-p9', passes, bookworm),
      ...on('sid', 'pseries-p9', fails, sid),
    ]),
    'sid (linux-image-7.2.13-powerpc64le 7.2.13-1) breaks the limit on pseries-p9: 3.30 x the quota; bookworm (linux-image-6.1.0-38-powerpc64le 6.1.147-1) keeps the limit',
  ],
  [
    'packages by name: nothing is said twice',
    run([
      ...on('linux-image-powerpc64le-stable', 'pseries-p9', passes, {
        kernel_source: 'linux-image-powerpc64le 6.12.107-1 (Debian stable)',
      }),
      ...on('linux-binary-7.2.13-deb14-powerpc64le', 'pseries-p9', fails, {
        kernel_source: 'linux-binary-7.2.13+deb14-powerpc64le 7.2.13-1',
      }),
    ]),
    'linux-binary-7.2.13-deb14-powerpc64le 7.2.13-1 breaks the limit on pseries-p9: 3.30 x the quota; linux-image-powerpc64le-stable 6.12.107-1 keeps the limit',
  ],
  [
    'one package whose name has its version',
    run(
      on('linux-image-6.12.107-deb13-6.12.107-1', 'pseries-p9', passes, {
        kernel_source: 'linux-image-6.12.107+deb13 6.12.107-1',
      }),
    ),
    'linux-image-6.12.107-deb13-6.12.107-1 keeps the limit on pseries-p9',
  ],
  [
    'a row in which the second is the first that breaks it',
    run([
      ...on('a', 'pseries-p9', passes),
      ...on('b', 'pseries-p9', fails),
      ...on('c', 'pseries-p9', fails),
      ...on('d', 'pseries-p9', { status: 'ERROR', decidedBy: 'machine', reason: 'boot: silent' }),
    ]),
    'b is the first here that breaks the limit on pseries-p9: 3.30 x the quota; c breaks the limit too; a keeps the limit; d tells nothing on pseries-p9: boot: silent',
  ],
  [
    'a row that keeps it',
    run([...on('a', 'pseries-p9', passes), ...on('b', 'pseries-p9', passes)]),
    'all keep the limit: a, b',
  ],
  [
    'a nightly that went from PASS to FAIL, with the commit',
    run(
      on('master', 'pseries-p9', fails, {
        git_commit: 'a'.repeat(40),
        kernel_release: '7.3.0-rc1',
      }),
    ),
    'master breaks the limit on pseries-p9: 3.30 x the quota (7.3.0-rc1, commit aaaaaaaaaaaa)',
  ],
  [
    'one machine of three',
    run([...on('k', 'powernv8', fails), ...on('k', 'pseries-p9 powernv9', passes)]),
    'k breaks the limit on 1 of 3 machines (powernv8): 3.30 x the quota',
  ],
  [
    'a limit that is kept beside a case that fails',
    run(on('k', 'pseries-p9', cedes('FAIL'))),
    `k keeps the limit, and fails ${ceding} on pseries-p9`,
  ],
  [
    'the scheduler',
    run(on('k', 'pseries-p9', { status: 'FAIL', decidedBy: 'scheduler' })),
    'k does not even limit a plain loop on pseries-p9: the scheduler is to blame',
  ],
  [
    'a kernel that does not compile',
    run(
      on('k', 'pseries-p9', { status: 'FAIL', decidedBy: 'build', reason: 'x.c:1: error\nmake' }),
    ),
    'k does not compile: x.c:1: error',
  ],
  [
    'a kernel that panics on one machine',
    run([
      ...on('k', 'powernv8', { status: 'FAIL', decidedBy: 'fault', reason: 'panic: no init' }),
      ...on('k', 'pseries-p9', passes),
    ]),
    'k keeps the limit on 1 of 2 machines (pseries-p9); goes wrong on 1 of 2 machines (powernv8): panic: no init',
  ],
  [
    'no device at all',
    run(on('k', 'powernv8', { status: 'SKIP', decidedBy: 'device', reason: 'no QEMU' })),
    'k was not tested: no QEMU',
  ],
  [
    'a fix',
    run([...on('base', 'p9 p10', fails), ...on('patched', 'p9 p10', passes)], pair),
    'fixed: patched keeps the limit on all 2 machines; base breaks the limit on all 2 machines: 3.30 x the quota',
  ],
  [
    'a fix that leaves something else broken',
    run(
      [
        ...on('base', 'p9', { ...fails, cases: [...casesWith(broken), caseWith(ceding, 'FAIL')] }),
        ...on('patched', 'p9', cedes('FAIL')),
      ],
      pair,
    ),
    `fixed: patched keeps the limit, and fails ${ceding} on p9; base breaks the limit on p9: 3.30 x the quota; still broken: ${ceding}`,
  ],
  [
    'a fix that breaks something else',
    run(
      [
        ...on('base', 'p9', { ...fails, cases: [...casesWith(broken), caseWith(ceding, 'PASS')] }),
        ...on('patched', 'p9', cedes('FAIL')),
      ],
      pair,
    ),
    `regressed: patched keeps the limit, and fails ${ceding} on p9; base breaks the limit on p9: 3.30 x the quota; newly broken: ${ceding}`,
  ],
  [
    "a fix beside the tree's own selftests, one of which fails as before",
    run(
      [
        ...on('base', 'p9', fails),
        ...on('base', 'p9', selftests('FAIL', 'PASS')),
        ...on('patched', 'p9', passes),
        ...on('patched', 'p9', selftests('FAIL', 'PASS')),
      ],
      pair,
    ),
    'fixed: patched keeps the limit on p9; base breaks the limit on p9: 3.30 x the quota; kselftest: unchanged; still broken in kselftest: cgroup:test_cpu.statistics',
  ],
  [
    "a fix that breaks one of the tree's own selftests",
    run(
      [
        ...on('base', 'p9', fails),
        ...on('base', 'p9', selftests('FAIL', 'PASS')),
        ...on('patched', 'p9', passes),
        ...on('patched', 'p9', selftests('FAIL', 'FAIL')),
      ],
      pair,
    ),
    'regressed: patched keeps the limit on p9; base breaks the limit on p9: 3.30 x the quota; kselftest: regressed; newly broken in kselftest: cgroup:test_freezer',
  ],
  [
    'a kernel that breaks the limit in one of two tests',
    run([
      ...on('k', 'p9 p10', elsewhere('short', passes)),
      ...on('k', 'p9 p10', elsewhere('burst', fails)),
    ]),
    'k breaks the limit on all 2 machines in burst: 3.30 x the quota',
  ],
  [
    'a series patch by patch',
    run(
      [
        ...on('base', 'p9', fails),
        ...on('patch-1', 'p9', fails),
        ...on('patch-2', 'p9', passes),
        ...on('patch-3', 'p9', passes),
      ],
      ['patch-1', 'base'],
      ['patch-2', 'base'],
      ['patch-3', 'base'],
    ),
    // What run() of the pipeline says; expectOfCheck() counts the last patch only.
    'no-effect: patch-3 keeps the limit on p9; base breaks the limit on p9: 3.30 x the quota',
  ],
];

for (const [what, told, sentence] of situations) {
  test(`headline: ${what}`, () => assert.equal(headlineOf(told), sentence));
}

test('headline: an interrupted run says how far it came, and of what had ended what it found', () => {
  const cut: Partial<JobResult> = {
    status: 'MISS',
    decidedBy: 'interrupted',
    reason: 'boot: interrupted',
  };
  const told = (jobs: readonly JobResult[]): string =>
    headlineOf({ ...run(jobs, pair), interrupted: true });
  const left = on('patched', 'pseries-p9', cut);
  assert.equal(told([...on('base', 'pseries-p9', cut), ...left]), 'interrupted: 0 of 2 jobs done');
  assert.equal(
    told([...on('base', 'pseries-p9', fails), ...left]),
    'interrupted: 1 of 2 jobs done: base breaks the limit on pseries-p9: 3.30 x the quota',
  );
});

test('headline: a check names the patch that mends; an interrupted run says so first', () => {
  const [, last] = situations.at(-1) ?? [];
  assert.ok(last);
  const settled = { ...last, overall: 'fixed', interrupted: true } as const;
  assert.equal(
    headlineOf(settled),
    'interrupted: fixed: patch-3 keeps the limit on p9; base breaks the limit on p9: 3.30 x the quota; patch-2 is the first patch that mends it',
  );
});

test('headline: nothing to say of no job', () => {
  assert.equal(headlineOf(run([])), 'nothing was tested');
});
