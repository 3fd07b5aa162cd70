// SPDX-License-Identifier: MIT

/** A case of the busy-guest payload, as its C table has it (guest-images/busy-guest/cases/). */
export interface PayloadCase {
  readonly name: string;
  readonly tags: readonly string[];
  /** The run that reports it: all cases of a run are selected together. */
  readonly run: string;
}

const row = (name: string, tags: string, run = name): PayloadCase => ({
  name,
  tags: tags.split(' '),
  run,
});

/** All cases in the order in which the payload runs them; a test compares this with the C table. */
export const payloadCases: readonly PayloadCase[] = [
  row('kvm_hv_available', 'basic always'),
  row('control_guest_unlimited', 'basic always control'),
  row('control_host_loop_obeys_quota', 'basic always control'),
  row('busy_guest_obeys_quota', 'basic bug', 'limited_guest'),
  row('busy_guest_is_throttled', 'basic bug', 'limited_guest'),
  row('busy_guest_debt_bounded', 'basic bug', 'limited_guest'),
  row('busy_guest_makes_progress', 'basic', 'limited_guest'),
  row('busy_guest_dies_at_once', 'basic bug', 'limited_guest'),
  row('two_vcpus_obey_quota', 'basic bug virtual'),
  row('exiting_guest_obeys_quota', 'exits'),
  row('hypercalling_guest_obeys_quota', 'exits bug'),
  row('guest_stays_in_kernel', 'exits'),
  row('ceding_guest_is_never_throttled', 'exits'),
  row('ceding_guest_obeys_quota', 'exits bug'),
  row('guest_of_a_guest_obeys_quota', 'nested bug'),
  row('limit_set_while_running', 'quota bug'),
  row('limit_lowered_while_running', 'quota bug'),
  row('limit_raised_while_running', 'quota bug'),
  row('limit_lifted_while_throttled', 'quota bug'),
  row('burst_is_honoured_and_bounded', 'burst bug'),
  row('parent_limit_is_obeyed', 'groups bug'),
  row('two_guests_share_a_limit', 'groups bug'),
  row('sibling_groups_keep_their_limits', 'groups bug'),
  row('moved_guest_obeys_the_new_limit', 'groups bug'),
  row('unlimited_guest_stops_and_continues', 'signals'),
  row('unlimited_guest_ends_at_sigterm', 'signals'),
  row('unlimited_guest_can_be_traced', 'signals'),
  row('limited_guest_stops_and_continues', 'signals bug'),
  row('limited_guest_freezes_and_thaws', 'signals bug'),
  row('limited_guest_dies_by_cgroup_kill', 'signals bug'),
  row('queued_work_runs_at_once', 'work bug'),
  row('signalled_work_runs_at_once', 'work'),
  row('smp_limit_above_a_cpu', 'smp bug'),
  row('smp_limit_below_a_cpu', 'smp bug'),
  row('guest_moves_between_cpus', 'smp bug'),
  row('cpu_goes_offline_and_comes_back', 'smp bug'),
  row('guest_beside_realtime_loop', 'neighbours bug'),
  row('traced_debt_agrees', 'trace'),
  row('guest_registers_are_kept', 'basic always', 'guests_view'),
  row('kvm_run_returns_as_documented', 'basic always', 'guests_view'),
  row('cgroup_v1_quota_is_obeyed', 'v1 bug'),
];

/** Every tag of the table, and `full` for all cases. */
export const payloadTags: readonly string[] = [
  'full',
  ...new Set(payloadCases.flatMap(({ tags }) => tags)),
];

const has = (name: string, tag: string): boolean =>
  payloadCases.some((one) => one.name === name && one.tags.includes(tag));

/** A control shows that the machine can be trusted, or else who is to blame. What is tagged so, whatever its name. */
export function isControl(name: string): boolean {
  return has(name, 'control');
}

/** The control without KVM: where it breaks its limit in virtual time, the scheduler is to blame. */
export const plainLoop = 'control_host_loop_obeys_quota';

/** Says by itself that a limit is kept or broken: the plain loop, what depends on the bug, and what this table lacks. */
export function isLimitCase(name: string): boolean {
  const known = payloadCases.some((one) => one.name === name);
  return !known || name === plainLoop || has(name, 'bug');
}

/** Which cases a test asks for; neither: those tagged `basic`. */
export interface CaseSelection {
  readonly cases?: readonly string[];
  readonly tags?: readonly string[];
  /** Those tagged `trace` as well. */
  readonly trace?: boolean;
}

/** Names of the cases that the payload reports for a selection, in order (cases.c does the same). */
export function selectedCases({ cases, tags, trace }: CaseSelection): readonly string[] {
  const isAsked = (one: PayloadCase): boolean =>
    one.tags.includes('always') ||
    (trace === true && one.tags.includes('trace')) ||
    (cases === undefined && tags === undefined && one.tags.includes('basic')) ||
    cases?.includes(one.name) === true ||
    tags?.some((tag) => tag === 'full' || one.tags.includes(tag)) === true;
  const runs = new Set(payloadCases.filter(isAsked).map(({ run }) => run));
  return payloadCases.filter(({ run }) => runs.has(run)).map(({ name }) => name);
}

/** The cases that run where a test asks for no others. */
export const basicCases: readonly string[] = selectedCases({});

/** Those of them that every machine can run, and not only one whose time is virtual. */
const neededCases: readonly string[] = payloadCases
  .filter(({ name, tags }) => basicCases.includes(name) && !tags.includes('virtual'))
  .map(({ name }) => name);

/** Every machine can run it: a SKIP of it skips the job. */
export function isNeeded(name: string): boolean {
  return neededCases.includes(name);
}

/** Runs whatever a test asks for: what the others are worth depends on it. */
export function runsAlways(name: string): boolean {
  return has(name, 'always');
}
