// SPDX-License-Identifier: MIT
// Written by `npm run cases` from guest-images/busy-guest/cases/; do not edit.

/** A case of the program. */
export interface CaseRow {
  readonly name: string;
  readonly tags: readonly string[];
  /** The C function that reports it: all cases of one are selected together. */
  readonly run: string;
}

/** All cases in the order in which the program runs them. */
export const caseTable: readonly CaseRow[] = [
  { name: 'kvm_hv_available', tags: ['basic', 'always'], run: 'kvm_hv_available' },
  {
    name: 'control_guest_unlimited',
    tags: ['basic', 'always', 'control'],
    run: 'control_guest_unlimited',
  },
  {
    name: 'control_host_loop_obeys_quota',
    tags: ['basic', 'always', 'control'],
    run: 'control_host_loop_obeys_quota',
  },
  { name: 'busy_guest_obeys_quota', tags: ['basic', 'bug'], run: 'limited_guest' },
  { name: 'busy_guest_is_throttled', tags: ['basic', 'bug'], run: 'limited_guest' },
  { name: 'busy_guest_debt_bounded', tags: ['basic', 'bug'], run: 'limited_guest' },
  { name: 'busy_guest_makes_progress', tags: ['basic'], run: 'limited_guest' },
  { name: 'busy_guest_dies_at_once', tags: ['basic', 'bug'], run: 'limited_guest' },
  { name: 'two_vcpus_obey_quota', tags: ['basic', 'bug', 'virtual'], run: 'two_vcpus_on_a_cpu' },
  { name: 'exiting_guest_obeys_quota', tags: ['exits'], run: 'exiting_guest' },
  { name: 'hypercalling_guest_obeys_quota', tags: ['exits', 'bug'], run: 'hypercalling_guest' },
  { name: 'guest_stays_in_kernel', tags: ['exits'], run: 'guest_stays_in_kernel' },
  {
    name: 'ceding_guest_is_never_throttled',
    tags: ['exits'],
    run: 'ceding_guest_is_never_throttled',
  },
  { name: 'ceding_guest_obeys_quota', tags: ['exits', 'bug'], run: 'ceding_guest_obeys_quota' },
  { name: 'guest_of_a_guest_obeys_quota', tags: ['nested', 'bug'], run: 'guest_of_a_guest' },
  { name: 'limit_set_while_running', tags: ['quota', 'bug'], run: 'limit_set_while_running' },
  {
    name: 'limit_lowered_while_running',
    tags: ['quota', 'bug'],
    run: 'limit_lowered_while_running',
  },
  { name: 'limit_raised_while_running', tags: ['quota', 'bug'], run: 'limit_raised_while_running' },
  {
    name: 'limit_lifted_while_throttled',
    tags: ['quota', 'bug'],
    run: 'limit_lifted_while_throttled',
  },
  { name: 'burst_is_honoured_and_bounded', tags: ['burst', 'bug'], run: 'burst_is_kept' },
  { name: 'parent_limit_is_obeyed', tags: ['groups', 'bug'], run: 'parent_limit' },
  { name: 'two_guests_share_a_limit', tags: ['groups', 'bug'], run: 'shared_limit' },
  { name: 'sibling_groups_keep_their_limits', tags: ['groups', 'bug'], run: 'sibling_limits' },
  { name: 'moved_guest_obeys_the_new_limit', tags: ['groups', 'bug'], run: 'moved_into_limit' },
  { name: 'unlimited_guest_stops_and_continues', tags: ['signals'], run: 'unlimited_stop' },
  { name: 'unlimited_guest_ends_at_sigterm', tags: ['signals'], run: 'unlimited_term' },
  { name: 'unlimited_guest_can_be_traced', tags: ['signals'], run: 'unlimited_trace' },
  { name: 'limited_guest_stops_and_continues', tags: ['signals', 'bug'], run: 'limited_stop' },
  { name: 'limited_guest_freezes_and_thaws', tags: ['signals', 'bug'], run: 'limited_freeze' },
  {
    name: 'limited_guest_dies_by_cgroup_kill',
    tags: ['signals', 'bug'],
    run: 'limited_group_kill',
  },
  { name: 'queued_work_runs_at_once', tags: ['work', 'bug'], run: 'queued_work_runs' },
  { name: 'signalled_work_runs_at_once', tags: ['work'], run: 'signalled_work_runs' },
  { name: 'smp_limit_above_a_cpu', tags: ['smp', 'bug'], run: 'above_a_cpu' },
  { name: 'smp_limit_below_a_cpu', tags: ['smp', 'bug'], run: 'below_a_cpu' },
  { name: 'guest_moves_between_cpus', tags: ['smp', 'bug'], run: 'moved_between_cpus' },
  { name: 'cpu_goes_offline_and_comes_back', tags: ['smp', 'bug'], run: 'cpu_goes_and_comes' },
  { name: 'guest_beside_realtime_loop', tags: ['neighbours', 'bug'], run: 'realtime_neighbour' },
  { name: 'traced_debt_agrees', tags: ['trace'], run: 'traced_debt_agrees' },
  { name: 'guest_registers_are_kept', tags: ['basic', 'always'], run: 'guests_view' },
  { name: 'kvm_run_returns_as_documented', tags: ['basic', 'always'], run: 'guests_view' },
  { name: 'cgroup_v1_quota_is_obeyed', tags: ['v1', 'bug'], run: 'v1_quota' },
];
