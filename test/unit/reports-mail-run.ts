// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../../src/model/result.js';
import type { Status, Verdict } from '../../src/model/status.js';
import type { MailFacts } from '../../src/reports/mail-facts.js';

/** A check of two patches on a branch. */
export const facts: MailFacts = {
  base: 'kvm/next, commit 0123456789ab ("Merge tag \'kvm-ppc-7.3-1\' of git://host/a/very/long/path into HEAD")',
  patches: [
    { subject: '[PATCH v2 1/2] KVM: PPC: first', file: '1.patch', commit: 'a'.repeat(40) },
    {
      subject: '[PATCH v2 2/2] KVM: PPC: the second one, whose subject is too long for one line',
      file: '2.patch',
    },
  ],
  where: 'in a clone of Linux that has the base, with b4, which fetches the series',
  command: `busyguest check --tree . --base ${'0'.repeat(40)} --series ${'long/'.repeat(16)}1@example.org --device qemu-powernv8`,
  config: ['PPC64', 'NR_CPUS=16'],
  version: '0.1.0',
  tester: 'Zoë Tester <zoe@example.org>',
};

/** A job with the numbers of its status. */
export function job(
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
      ...(kernel === 'base' ? {} : { files_not_compiled: 'none of 2' }),
      toolchain:
        'powerpc64le-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0; GNU ld (GNU Binutils for Debian) 2.40',
    },
    timesMs: {},
    reused: false,
    ...more,
  };
}

/** A run of which each pair has the same verdict. */
export function run(overall: Verdict, jobs: JobResult[]): RunResult {
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

/** A series that fixes on two machines. */
export const fixed = run('fixed', [
  job('base', 'qemu-pseries-papr-p10', 'FAIL'),
  job('base', 'qemu-powernv8', 'FAIL'),
  job('patched', 'qemu-pseries-papr-p10', 'PASS'),
  job('patched', 'qemu-powernv8', 'PASS'),
]);
