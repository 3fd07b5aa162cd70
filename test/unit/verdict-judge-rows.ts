// SPDX-License-Identifier: MIT
import type { Fault, Judgement } from '../../src/model/result.js';
import { basicCases } from '../../src/payload/busy-guest/cases.js';
import type { Evidence } from '../../src/verdict/judge.js';
import { caseWith, casesWith } from './verdict-evidence.js';

export const stall: Fault = { class: 'rcu-stall', title: 'rcu: stall', phase: 'test', lines: [] };
const noTimer: Fault = {
  class: 'timer-lost',
  title: "the machine's timer: Reprogramming failure. Giving up",
  phase: 'test',
  lines: [],
};
const panic: Fault = { class: 'panic', title: 'VFS: no root', phase: 'boot', lines: [] };
const broken = caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.33, usage: 6e6 });
export const firstTwo = casesWith().slice(0, 2);
/** A machine that stopped before the test. */
export const noStart: Partial<Evidence> = {
  cases: [],
  started: false,
  ended: false,
  phase: 'boot',
  lastLines: ['Booting', 'Run /init as init process', ' '],
};
const skipAll = basicCases.map((name) => caseWith(name, 'SKIP', {}, 'no /dev/kvm'));

/** Evidence that differs from a PASS, and what the judge must say of it. */
export interface Row {
  readonly what: string;
  readonly evidence: Partial<Evidence>;
  readonly status: Judgement['status'];
  readonly by: Judgement['decidedBy'];
  readonly reason: RegExp;
}

export const rows: readonly Row[] = [
  {
    what: 'everything passes and is proven',
    evidence: {},
    status: 'PASS',
    by: 'cases',
    reason: /^all 11 cases pass; busy_guest_obeys_quota: 1\.02 x the quota$/,
  },
  {
    what: 'the device is missing, whatever else',
    evidence: { deviceMissing: ['no QEMU', 'no KVM'], exit: 'interrupted', faults: [panic] },
    status: 'SKIP',
    by: 'device',
    reason: /^no QEMU; no KVM$/,
  },
  {
    what: 'interrupted comes before faults',
    evidence: { exit: 'interrupted', phase: 'test', faults: [stall] },
    status: 'MISS',
    by: 'interrupted',
    reason: /^test: interrupted$/,
  },
  {
    what: 'another path of the kernel ran than the device promises',
    evidence: { brokenPromises: ['mmu is "Hash", the device promises ^Radix$'] },
    status: 'ERROR',
    by: 'device',
    reason: /another path .* mmu is "Hash"/,
  },
  {
    what: 'the kernel does not compile',
    evidence: { ...noStart, buildError: { decidedBy: 'build', reason: 'make: kvm.o failed' } },
    status: 'FAIL',
    by: 'build',
    reason: /^make: kvm\.o failed$/,
  },
  {
    what: 'a patch does not apply',
    evidence: { ...noStart, buildError: { decidedBy: 'input', reason: 'hunk 1 rejected' } },
    status: 'ERROR',
    by: 'input',
    reason: /hunk 1/,
  },
  {
    what: 'a machine without its timer, whatever else is seen: right kernels hang on it, too',
    evidence: { faults: [stall, noTimer] },
    status: 'ERROR',
    by: 'machine',
    reason: /^test: the machine's timer: .*; the machine is too slow/,
  },
  {
    what: 'a fault, although every case passes',
    evidence: { faults: [stall] },
    status: 'FAIL',
    by: 'fault',
    reason: /^rcu-stall: rcu: stall \(phase test\)$/,
  },
  {
    what: 'a panic at boot',
    evidence: { ...noStart, exit: 'reset', faults: [panic] },
    status: 'FAIL',
    by: 'fault',
    reason: /panic: VFS: no root \(phase boot\)/,
  },
  {
    what: 'a known fault',
    evidence: { faults: [stall], knownFaults: [{ title: /stall/g, reason: 'since 6.1' }] },
    status: 'PASS',
    by: 'cases',
    reason: /all 11/,
  },
  {
    what: 'a new fault beside a known one',
    evidence: {
      faults: [stall, panic],
      knownFaults: [{ title: /stall/, reason: 'since 6.1' }],
    },
    status: 'FAIL',
    by: 'fault',
    reason: /^panic/,
  },
  {
    what: 'output that cannot be trusted, although a case fails',
    evidence: {
      cases: casesWith(broken, caseWith('busy_guest_debt_bounded', 'ERROR')),
      problems: ['case 6 came twice'],
    },
    status: 'ERROR',
    by: 'machine',
    reason: /cannot be trusted: case 6 came twice/,
  },
  {
    what: 'the limit is broken',
    evidence: { cases: casesWith(broken) },
    status: 'FAIL',
    by: 'cases',
    reason: /^busy_guest_obeys_quota: 3\.33 x the quota$/,
  },
  {
    what: 'every number that matters is named',
    evidence: {
      cases: casesWith(
        caseWith('busy_guest_is_throttled', 'FAIL', { nr_throttled: 60, throttled: 0 }),
        caseWith('busy_guest_debt_bounded', 'FAIL', { worst_debt: 4_200_000, bound: 20_000 }),
        caseWith('busy_guest_makes_progress', 'FAIL', { guest_progress: 0 }),
        caseWith('busy_guest_dies_at_once', 'FAIL', { kill_latency: 14_100_000 }),
        caseWith('busy_guest_obeys_quota', 'FAIL', {}, 'cpu.stat is gone'),
      ),
    },
    status: 'FAIL',
    by: 'cases',
    reason:
      /obeys_quota: cpu\.stat is gone; .*60 times for 0 us in all; .*debt 4\.20 s, bound 20\.0 ms; .*moved by 0; .*gone 14\.1 s after/,
  },
  {
    what: 'a case fails before the machine hangs',
    evidence: {
      cases: casesWith(broken).slice(0, 5),
      ended: false,
      exit: 'deadline',
      phase: 'test',
    },
    status: 'FAIL',
    by: 'cases',
    reason: /3\.33/,
  },
  {
    what: 'the payload gives up',
    evidence: { cases: firstTwo, bailOut: 'no cgroup v2', exitCode: 1, exitFailed: true },
    status: 'ERROR',
    by: 'cases',
    reason: /^the payload gave up: no cgroup v2$/,
  },
  {
    what: 'the payload says with its exit code that something failed',
    evidence: { exitCode: 1, exitFailed: true },
    status: 'ERROR',
    by: 'machine',
    reason: /^all cases pass, but the payload exited with 1$/,
  },
  {
    what: 'so much is left of the exit code that it was not 0',
    evidence: { exitFailed: true },
    status: 'ERROR',
    by: 'machine',
    reason: /^all cases pass, but the payload exited with a code that is cut off, and not 0$/,
  },
  {
    what: 'a case cannot tell',
    evidence: { cases: casesWith(caseWith('busy_guest_dies_at_once', 'ERROR', {}, 'no fork')) },
    status: 'ERROR',
    by: 'cases',
    reason: /^busy_guest_dies_at_once: no fork$/,
  },
  {
    what: 'no KVM',
    evidence: { cases: skipAll },
    status: 'SKIP',
    by: 'cases',
    reason: /^kvm_hv_available: no \/dev\/kvm$/,
  },
  {
    what: 'one case is skipped',
    evidence: { cases: casesWith(caseWith('busy_guest_makes_progress', 'SKIP', {}, 'old QEMU')) },
    status: 'SKIP',
    by: 'cases',
    reason: /^busy_guest_makes_progress: old QEMU$/,
  },
  {
    what: 'a skipped case that nobody asked for',
    evidence: { cases: [...casesWith(), caseWith('extra', 'SKIP', {}, 'x')] },
    status: 'PASS',
    by: 'cases',
    reason: /./,
  },
  {
    what: 'a failed case that nobody asked for',
    evidence: { cases: [...casesWith(), caseWith('extra', 'FAIL', {}, 'x')] },
    status: 'FAIL',
    by: 'cases',
    reason: /^extra: x$/,
  },
  {
    what: 'the guest never wanted more than the quota',
    evidence: {
      cases: casesWith(
        caseWith('control_guest_unlimited', 'PASS', { usage: 250_000, window: 1_000_000 }),
      ),
    },
    status: 'ERROR',
    by: 'proof',
    reason: /took 0\.25 CPUs, not more than the quota of 0\.30/,
  },
  {
    what: 'several proofs are missing',
    evidence: {
      cases: casesWith(
        caseWith('busy_guest_is_throttled', 'PASS', { nr_throttled: 60, throttled: 0 }),
        caseWith('busy_guest_makes_progress', 'PASS', {}),
        caseWith('busy_guest_obeys_quota', 'PASS', { overrun_ratio: NaN, usage: 1 }),
      ),
    },
    status: 'ERROR',
    by: 'proof',
    reason:
      /busy_guest_obeys_quota has no metric overrun_ratio; busy_guest_obeys_quota has no metric nr_periods; .*never held back; busy_guest_makes_progress has no metric guest_progress/,
  },
  {
    what: 'cases that nobody expected and nobody reported are still needed for a PASS',
    evidence: { cases: [], expectedCases: [] },
    status: 'ERROR',
    by: 'proof',
    reason: /control_guest_unlimited did not pass/,
  },
];
