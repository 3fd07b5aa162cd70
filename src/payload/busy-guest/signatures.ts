// SPDX-License-Identifier: MIT
import type { JobResult } from '../../model/result.js';
import { metricOf } from '../metric.js';
import type { Signature } from '../test-program.js';

interface Row extends Signature {
  fits(seen: Seen): boolean;
}

/** What a row may look at. */
interface Seen {
  readonly job: JobResult;
  readonly fails: (...names: readonly string[]) => boolean;
  readonly metric: (name: string, metric: string) => number;
}

const commit =
  'commit 2cd571245b43 ("sched/fair: Add related data structure for task based throttle"), v6.18';
const entry = 'xfer_to_guest_mode_handle_work(), called before each guest entry';

/** A throttle that is counted and takes no time: its task work was never run. */
const neverThrottled = ({ fails, metric }: Seen): boolean =>
  fails('busy_guest_is_throttled') &&
  metric('busy_guest_is_throttled', 'nr_throttled') > 0 &&
  metric('busy_guest_is_throttled', 'throttled') === 0;

const title = ({ job }: Seen, pattern: RegExp): boolean =>
  job.faults.some((fault) => pattern.test(fault.title));

/** The first that fits explains a job: what is certain stands before what is only likely. */
const rows: readonly Row[] = [
  {
    name: 'work-in-atomic-context',
    fits: (seen) => title(seen, /scheduling while atomic|sleeping function|suspicious RCU/),
    means: 'work that may sleep is done with interrupts or preemption off',
    look: 'the place where the task work is run: before interrupts are disabled for the guest entry',
  },
  {
    name: 'scheduler',
    fits: ({ job }) => job.decidedBy === 'scheduler',
    means: 'the limit of a plain loop is not kept either, so KVM is not the cause',
    look: 'CFS bandwidth control in kernel/sched/fair.c',
  },
  {
    name: 'task-work-never-run-pr',
    fits: (seen) => neverThrottled(seen) && seen.job.payloadFacts?.['kvm'] === 'PR',
    means:
      'the scheduler throttles by task work, and KVM-PR enters the guest again without running it',
    look: `kvmppc_prepare_to_enter() in arch/powerpc/kvm/powerpc.c: ${entry}, is missing`,
    known: `since ${commit}; jobs/patches/kvm-hv-xfer-to-guest, the patch for the common entry check`,
  },
  {
    name: 'task-work-never-run',
    fits: neverThrottled,
    means:
      'the scheduler throttles by task work, and KVM enters the guest again without running it',
    look: `the run loops in arch/powerpc/kvm/book3s_hv.c (kvmhv_run_single_vcpu() from POWER9 on, kvmppc_run_vcpu() before): ${entry}, is missing`,
    known: `since ${commit}; fixed by jobs/patches/kvm-hv-xfer-to-guest; docs/findings.md`,
  },
  {
    name: 'task-work-run-late',
    fits: ({ fails }) =>
      fails('busy_guest_obeys_quota', 'busy_guest_debt_bounded', 'hypercalling_guest_obeys_quota'),
    means:
      'the guest is throttled, but runs on past its quota first: pending work is done too seldom',
    look: `the check before the guest entry must be made every time round the loop (${entry}), and in every loop`,
  },
  {
    name: 'needless-exits',
    fits: ({ fails }) => fails('guest_stays_in_kernel'),
    means:
      'KVM_RUN returns to user space for work that the kernel can do itself; guests become slow',
    look: 'what makes the run loop return: only a signal has to',
  },
  {
    name: 'cede-does-not-sleep',
    fits: ({ fails }) => fails('ceding_guest_is_never_throttled'),
    means: 'a guest that sleeps in H_CEDE is run, or is held back though it stays below its quota',
    look: 'the H_CEDE path in arch/powerpc/kvm/book3s_hv.c: pending work must not end the sleep',
  },
  {
    name: 'work-not-at-once',
    fits: ({ fails }) => fails('queued_work_runs_at_once', 'signalled_work_runs_at_once'),
    means: 'task work that does not come from the scheduler waits while the guest runs',
    look: `TIF_NOTIFY_RESUME and TIF_NOTIFY_SIGNAL before the guest entry (${entry})`,
  },
  {
    name: 'held-back-too-long',
    fits: ({ fails }) => fails('busy_guest_makes_progress', 'limit_lifted_while_throttled'),
    means: 'the guest stands still when it has runtime again',
    look: 'how a throttled vCPU thread is woken, and whether it reaches the guest entry then',
  },
  {
    name: 'dies-late',
    fits: ({ fails }) => fails('busy_guest_dies_at_once', 'limited_guest_dies_by_cgroup_kill'),
    means: 'a killed guest stays until a debt is paid back, or the signal is lost',
    look: 'signal_pending() in the run loop, and what the exit of the thread waits for',
  },
];

/** What explains a job that does not keep the limit, or goes wrong; undefined where nothing known does. */
export function signatureOf(job: JobResult): Signature | undefined {
  if (job.status !== 'FAIL' || job.decidedBy === 'build') return undefined;
  const named = (name: string) => job.cases.find((one) => one.name === name);
  const seen: Seen = {
    job,
    fails: (...names) => names.some((name) => named(name)?.status === 'FAIL'),
    metric: (name, metric) => metricOf(named(name), metric) ?? Number.NaN,
  };
  const row = rows.find((one) => one.fits(seen));
  if (!row) return undefined;
  const { name, means, look, known } = row;
  return { name, means, look, ...(known !== undefined && { known }) };
}
