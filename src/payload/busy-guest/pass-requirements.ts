// SPDX-License-Identifier: MIT
import { caseTable } from './case-table.js';
import { isControl, selectedCases } from './cases.js';
import type { CaseResult } from '../../model/result.js';
import { metricOf } from '../metric.js';
import type { BusyGuestParameters } from './parameters.js';

/** Reads metrics of one case and remembers which it did not find. */
class CaseReader {
  readonly absent: string[] = [];
  constructor(
    private readonly cases: readonly CaseResult[],
    private readonly name: string,
  ) {}

  /** NaN where absent, so that every comparison with it fails. */
  metric(metric: string): number {
    const value = metricOf(
      this.cases.find((one) => one.name === this.name),
      metric,
    );
    if (value === undefined) this.absent.push(`${this.name} has no metric ${metric}`);
    return value ?? Number.NaN;
  }

  /** The absent metrics, else what a false `claim` means. */
  missing(claim: boolean, otherwise: string): readonly string[] {
    if (this.absent.length > 0) return this.absent;
    return claim ? [] : [`${this.name}: ${otherwise}`];
  }
}

type Facts = Readonly<Record<string, string>>;
type Proof = (
  cases: readonly CaseResult[],
  parameters: BusyGuestParameters,
  facts: Facts,
) => readonly string[];

/** Whether the test asked for the case. */
const asked = (parameters: BusyGuestParameters, name: string): boolean =>
  selectedCases(parameters).includes(name);

const controlsPassed: Proof = (cases, parameters) =>
  selectedCases(parameters)
    .filter(isControl)
    .filter((name) => !cases.some((one) => one.name === name && one.status === 'PASS'))
    .map((name) => `${name} did not pass`);

/** Without a limit the guest must take more than the quota, or keeping the quota means nothing. */
const wantedMore: Proof = (cases, { quotaUs, periodUs }) => {
  const read = new CaseReader(cases, 'control_guest_unlimited');
  const usage = read.metric('usage');
  const window = read.metric('window');
  const demand = usage / window;
  return read.missing(
    window > 0 && demand > quotaUs / periodUs,
    `without a limit the guest took ${demand.toFixed(2)} CPUs, not more than the quota of ${(quotaUs / periodUs).toFixed(2)}`,
  );
};

const wasMeasured: Proof = (cases, parameters) => {
  if (!asked(parameters, 'busy_guest_obeys_quota')) return [];
  const read = new CaseReader(cases, 'busy_guest_obeys_quota');
  read.metric('overrun_ratio');
  const measured = [read.metric('usage'), read.metric('nr_periods')].every((value) => value > 0);
  return read.missing(measured, 'no usage or no period was counted');
};

const wasThrottled: Proof = (cases, parameters) => {
  if (!asked(parameters, 'busy_guest_is_throttled')) return [];
  const read = new CaseReader(cases, 'busy_guest_is_throttled');
  const throttled = [read.metric('nr_throttled'), read.metric('throttled')].every((n) => n > 0);
  return read.missing(throttled, 'the guest was never held back');
};

const movedOn: Proof = (cases, parameters) => {
  if (!asked(parameters, 'busy_guest_makes_progress')) return [];
  const read = new CaseReader(cases, 'busy_guest_makes_progress');
  return read.missing(read.metric('guest_progress') > 0, 'the guest did nothing');
};

/** The case that is for virtual time alone may be skipped in real time, and where one CPU is no limit. */
const secondVcpuWasTold: Proof = (cases, { quotaUs, periodUs }, facts) => {
  const name = 'two_vcpus_obey_quota';
  const skipped = cases.find((one) => one.name === name && one.status === 'SKIP');
  const mayBe = isRealTime(facts) || quotaUs >= periodUs - Number(facts['tick_us'] ?? 0);
  return skipped && !mayBe ? [`${name} was skipped in virtual time`] : [];
};

/** A guest that never looked has lost nothing, and one that never came back has returned rightly. */
const lookedAtItself: Proof = (cases) => {
  const registers = new CaseReader(cases, 'guest_registers_are_kept');
  const returns = new CaseReader(cases, 'kvm_run_returns_as_documented');
  const looked = registers.metric('turns_checked') > 0;
  const came = returns.metric('signals') > 0 && returns.metric('kvm_run_returns') > 0;
  return [
    ...registers.missing(looked, 'no guest has looked at its registers'),
    ...returns.missing(came, 'KVM_RUN never returned'),
  ];
};

/** Every case but the first, which asks for abilities, measures something. */
const hasMetrics: Proof = (cases) =>
  cases
    .filter(({ status, metrics }) => status === 'PASS' && metrics.length === 0)
    .filter(({ name }) => name !== 'kvm_hv_available' && caseTable.some((one) => one.name === name))
    .map(({ name }) => `${name} measured nothing`);

/** In real time a window may be disturbed: many must agree. */
const isCertain: Proof = (cases, parameters, facts) => {
  if (!isRealTime(facts) || !asked(parameters, 'busy_guest_obeys_quota')) return [];
  const read = new CaseReader(cases, 'busy_guest_obeys_quota');
  const evidence = read.metric('evidence_log10');
  return read.missing(evidence >= certainLog10, 'too few windows for an error below 1e-6');
};

const proofs: readonly Proof[] = [
  controlsPassed,
  wantedMore,
  wasMeasured,
  wasThrottled,
  movedOn,
  secondVcpuWasTold,
  lookedAtItself,
  hasMetrics,
  isCertain,
];

/** The odds that are asked for where time is real, as a power of ten (guest-images/busy-guest/evidence.h). */
const certainLog10 = 6;

/** Whether the machine's time went on while its CPUs were taken away. The payload says so. */
function isRealTime(facts: Facts): boolean {
  return facts['time'] === 'real';
}

/**
 * What is missing before a PASS may be believed: that the guest wanted more than it got, was throttled,
 * was measured and did work, and in real time often enough. Empty means proven. Each piece is one phrase
 * for the reason.
 */
export function missingProof(
  cases: readonly CaseResult[],
  parameters: BusyGuestParameters,
  facts: Facts,
): readonly string[] {
  return proofs.flatMap((proof) => proof(cases, parameters, facts));
}

/**
 * Whether one window of a case says enough: always in virtual time, in real time with the odds that are asked for.
 * What is counted and not timed, a lost register or a wrong return, says enough once.
 */
export function isCertainEnough(one: CaseResult, facts: Facts): boolean {
  const isCounted = ['registers_lost', 'wrong_returns'].some(
    (name) => (metricOf(one, name) ?? 0) > 0,
  );
  return isCounted || !isRealTime(facts) || (metricOf(one, 'evidence_log10') ?? 0) >= certainLog10;
}
