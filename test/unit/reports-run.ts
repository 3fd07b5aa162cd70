// SPDX-License-Identifier: MIT
import type { RunResult } from '../../src/model/result.js';
import { caseWith, casesWith, jobWith } from './verdict-evidence.js';

const broken = casesWith(
  caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.33, usage: 6_000_000 }, '3.33'),
  caseWith('busy_guest_debt_bounded', 'FAIL', { worst_debt: 4_200_000, bound: 20_000 }),
  caseWith('busy_guest_dies_at_once', 'FAIL', { kill_latency: 14_100_000 }),
);

/** A run with a job of every kind: broken base, fixed, crashed, contended, half reported, no device. */
export function sampleRun(changes: Partial<RunResult> = {}): RunResult {
  return {
    schema: 2,
    run: '2026-11-22T10-00-00',
    startedAt: '2026-11-22T10:00:00.000Z',
    matrix: 'jobs/pre-pull.yaml',
    verdicts: [
      {
        base: 'unpatched',
        patched: 'patched',
        device: 'qemu-pseries-p9',
        test: 'busy-guest',
        verdict: 'fixed',
      },
    ],
    overall: 'fixed',
    interrupted: false,
    jobs: [
      jobWith({
        kernel: 'unpatched',
        status: 'FAIL',
        reason: 'busy_guest_obeys_quota: 3.33 x the quota',
        expect: 'FAIL',
        cases: broken,
        facts: { toolchain: 'gcc 12' },
        deviceFacts: { qemu: '10.0.2', argv: '-M pseries -append "a <b> & c"' },
        payloadFacts: { qemu: '99', toolchain: 'evil', accel: 'kvm' },
        timesMs: { boot: 400, test: 1500 },
      }),
      jobWith({ timesMs: { boot: 400, test: 700.4 } }),
      jobWith({
        kernel: 'crashing',
        status: 'FAIL',
        decidedBy: 'fault',
        reason: 'oops: Oops in kvmhv (phase test)',
        asExpected: false,
        cases: casesWith().slice(0, 2),
        faults: [
          { class: 'oops', title: 'Oops in kvmhv', phase: 'test', lines: ['NIP [c00]', '', 'LR'] },
        ],
      }),
      jobWith({
        kernel: 'contended',
        status: 'ERROR',
        decidedBy: 'control',
        reason: 'control_guest_unlimited: the guest got 25 %: # contended \\ {',
        asExpected: false,
        cases: casesWith(caseWith('control_guest_unlimited', 'FAIL', { usage: 1, window: 4 })),
      }),
      jobWith({
        kernel: 'half',
        status: 'MISS',
        decidedBy: 'machine',
        reason: 'never reported: busy_guest_dies_at_once',
        asExpected: false,
        cases: casesWith(caseWith('busy_guest_dies_at_once', 'MISS', {}, 'never reported')),
      }),
      jobWith({
        device: 'qemu-powernv8',
        name: 'patched-qemu-powernv8-busy-guest',
        status: 'SKIP',
        decidedBy: 'device',
        reason: 'no qemu-system-ppc64 {',
        asExpected: false,
        cases: [],
      }),
    ],
    ...changes,
  };
}

/** What a hostile console may put into every text of a result. */
export const hostileText =
  'a\u001b[31mred\u001b[0m <script>x</script> ]]> ]]> & "q" \u0000\u0007\u000b\u0085\u2028\uffff \ud800 # SKIP \\ | `{\r\nnot ok 9\n  ...\n---\nBail out! {';
