// SPDX-License-Identifier: MIT
import type { CaseResult, JobResult } from '../../src/model/result.js';
import type { Status } from '../../src/model/status.js';
import { busyGuest } from '../../src/payload/busy-guest/program.js';
import { basicCases } from '../../src/payload/busy-guest/cases.js';
import type { Evidence } from '../../src/verdict/judge.js';

type Numbers = Readonly<Record<string, number>>;

/** The metrics of a run that passes, with a quota of 30 ms in 100 ms over 6 s. */
export const goodMetrics: Readonly<Record<string, Numbers>> = {
  kvm_hv_available: {},
  control_guest_unlimited: { usage: 990_000, window: 1_000_000 },
  control_host_loop_obeys_quota: { overrun_ratio: 1.01, usage: 303_000, window: 1_000_000 },
  busy_guest_obeys_quota: {
    overrun_ratio: 1.02,
    usage: 1_836_000,
    quota_total: 1_800_000,
    nr_periods: 60,
  },
  busy_guest_is_throttled: { nr_throttled: 60, throttled: 4_200_000 },
  busy_guest_debt_bounded: { worst_debt: 12_100, bound: 20_000 },
  busy_guest_makes_progress: { guest_progress: 123_456 },
  busy_guest_dies_at_once: { kill_latency: 98_000 },
  two_vcpus_obey_quota: { overrun_ratio: 1.01, usage: 151_500 },
  guest_registers_are_kept: { turns_checked: 200_000, registers_lost: 0 },
  kvm_run_returns_as_documented: { kvm_run_returns: 5, wrong_returns: 0, signals: 5 },
};

export function caseWith(
  name: string,
  status: Status = 'PASS',
  numbers: Numbers = goodMetrics[name] ?? {},
  reason?: string,
): CaseResult {
  const metrics = Object.entries(numbers).map(([metric, value]) => ({
    name: metric,
    value,
    unit: metric === 'overrun_ratio' ? 'ratio' : 'us',
  }));
  return { name, status, metrics, ...(reason === undefined ? {} : { reason }) };
}

/** Every case passing, with `changes` in place of the cases of the same name. */
export function casesWith(...changes: readonly CaseResult[]): readonly CaseResult[] {
  return basicCases.map((name) => changes.find((change) => change.name === name) ?? caseWith(name));
}

/** Evidence of a PASS, with changes. */
export function evidenceWith(changes: Partial<Evidence> = {}): Evidence {
  return {
    cases: casesWith(),
    faults: [],
    facts: {},
    expectedCases: basicCases,
    started: true,
    ended: true,
    exit: 'done',
    phase: 'shutdown',
    lastLines: ['# end'],
    knownFaults: [],
    program: busyGuest,
    parameters: { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 6 },
    problems: [],
    ...changes,
  };
}

/** A finished job that passed, with changes. */
export function jobWith(changes: Partial<JobResult> = {}): JobResult {
  const kernel = changes.kernel ?? 'patched';
  return {
    name: `${kernel}-qemu-pseries-p9-busy-guest`,
    kernel,
    device: 'qemu-pseries-p9',
    test: 'busy-guest',
    status: 'PASS',
    reason: 'all 11 cases pass',
    decidedBy: 'cases',
    expect: 'PASS',
    asExpected: true,
    cases: casesWith(),
    faults: [],
    facts: {},
    deviceFacts: {},
    payloadFacts: {},
    timesMs: {},
    reused: false,
    ...changes,
  };
}
