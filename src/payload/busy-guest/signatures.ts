// SPDX-License-Identifier: MIT
import { architectures, usualArchitecture } from '../../architectures/architectures.js';
import type { JobResult } from '../../model/result.js';
import { metricOf } from '../metric.js';
import type { KnownBug, Signature } from '../test-program.js';

interface Row extends Signature {
  fits(seen: Seen): boolean;
}

/** What a row may look at. */
interface Seen {
  readonly job: JobResult;
  readonly fails: (...names: readonly string[]) => boolean;
  readonly metric: (name: string, metric: string) => number;
  /** Empty if there is none. */
  readonly reason: (name: string) => string;
}

const commit =
  'commit 2cd571245b43 ("sched/fair: Add related data structure for task based throttle"), v6.18';
const entry = 'xfer_to_guest_mode_handle_work(), called before each guest entry';

const others = architectures.filter((one) => one !== usualArchitecture);
const entriesElsewhere = others.map(({ kvm }) => kvm.entry({})).join(', ');

const report = '"Use generic xfer to guest work function"';

/** By its subject: the archive finds every version of the series by it. */
const throttleWork: KnownBug = {
  subject: `KVM: powerpc/book3s_hv: ${report.slice(1, -1)}`,
  reportUrl: `https://lore.kernel.org/all/?q=${encodeURIComponent(`s:${report}`)}`,
  introducedBy: commit,
  fix: 'jobs/patches/kvm-hv-xfer-to-guest',
};

/** A throttle that is counted and takes no time, and the limit is not kept: its task work was never run. */
const neverThrottled = ({ fails, metric }: Seen): boolean =>
  fails('busy_guest_is_throttled') &&
  fails('busy_guest_obeys_quota') &&
  metric('busy_guest_is_throttled', 'nr_throttled') > 0 &&
  metric('busy_guest_is_throttled', 'throttled') === 0;

/** Whether it is where the known bug is; also for results from before other architectures were tested. */
const isUsual = ({ job }: Seen): boolean =>
  !others.some(({ kvm }) => kvm.kinds.includes(job.payloadFacts?.['kvm'] ?? ''));

/** Whether a metric of a case is below another of the same case; false where one is absent. */
const isBelow = ({ metric }: Seen, name: string, value: string, least: string): boolean =>
  metric(name, value) < metric(name, least);

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
    name: 'never-enters',
    fits: (seen) =>
      title(seen, /does not enter the guest/) ||
      (seen.fails('busy_guest_makes_progress') &&
        seen.metric('busy_guest_makes_progress', 'guest_progress') === 0),
    means: 'the run loop goes round and does not enter the guest: it sees work and does not do it',
    look: `what makes the run loop give up an entry, and whether that work is done (${entry})`,
  },
  {
    name: 'dies-late',
    fits: (seen) => title(seen, /after SIGKILL/),
    means: 'a signal does not end KVM_RUN: a killed guest cannot die',
    look: 'signal_pending() in the run loop, and what it returns then',
  },
  {
    name: 'held-back-too-long',
    fits: (seen) => title(seen, /^SCHEDULER:/),
    means: 'a group stays throttled when its limit goes',
    look: 'tg_set_cfs_bandwidth() and unthrottle_cfs_rq() in kernel/sched',
  },
  {
    name: 'wrong-statistics',
    fits: ({ fails }) => fails('busy_guest_is_throttled') && !fails('busy_guest_obeys_quota'),
    means: 'the limit is kept, but cpu.stat does not say how long the group was throttled',
    look: 'throttled_clock, throttled_time and nr_throttled in kernel/sched/fair.c',
  },
  {
    name: 'task-work-never-run-pr',
    fits: (seen) => neverThrottled(seen) && seen.job.payloadFacts?.['kvm'] === 'PR',
    means:
      'the scheduler throttles by task work, and KVM-PR enters the guest again without running it',
    look: `kvmppc_prepare_to_enter() in arch/powerpc/kvm/powerpc.c: ${entry}, is missing`,
    known: `since ${commit}; jobs/patches/kvm-hv-xfer-to-guest, the patch for the common entry check`,
    bug: throttleWork,
  },
  {
    name: 'task-work-never-run',
    fits: (seen) => neverThrottled(seen) && isUsual(seen),
    means:
      'the scheduler throttles by task work, and KVM enters the guest again without running it',
    look: `the run loops in arch/powerpc/kvm/book3s_hv.c (kvmhv_run_single_vcpu() from POWER9 on, kvmppc_run_vcpu() before): ${entry}, is missing`,
    known: `since ${commit}; fixed by jobs/patches/kvm-hv-xfer-to-guest; docs/findings.md`,
    bug: throttleWork,
  },
  {
    name: 'task-work-never-run-elsewhere',
    fits: neverThrottled,
    means:
      'the scheduler throttles by task work, and KVM enters the guest again without running it',
    look: `${entry}, is missing, or does not run it: ${entriesElsewhere}`,
  },
  {
    name: 'time-burnt',
    fits: (seen) =>
      !seen.fails('busy_guest_obeys_quota') &&
      seen.fails('busy_guest_makes_progress') &&
      isBelow(seen, 'busy_guest_makes_progress', 'guest_progress', 'least_progress'),
    means: "the limit is kept, but the kernel uses the guest's time: it does too little for it",
    look: 'what the run loop does between two entries of the guest',
  },
  {
    name: 'held-back-too-long',
    fits: (seen) =>
      isBelow(seen, 'busy_guest_obeys_quota', 'usage', 'least_usage') ||
      isBelow(seen, 'two_vcpus_obey_quota', 'usage', 'least_usage'),
    means: 'the guest gets less than its quota: it stands still when it has runtime again',
    look: 'how a throttled vCPU thread is woken, and whether it reaches the guest entry then',
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
    name: 'vcpus-left-out',
    fits: ({ fails }) => fails('two_vcpus_obey_quota'),
    means: 'one vCPU keeps the limit, two do not: the work of other vCPUs is not done',
    look: 'whether the check before the guest entry is made by the thread of each vCPU',
  },
  {
    name: 'nested-guests-left-out',
    fits: ({ fails }) => fails('guest_of_a_guest_obeys_quota'),
    means: 'a guest keeps the limit, and does not while it runs a guest of its own',
    look: 'kvmhv_run_single_vcpu() where vcpu->arch.nested is set, and kvmhv_enter_nested_guest()',
  },
  {
    name: 'register-lost',
    fits: ({ fails }) => fails('guest_registers_are_kept'),
    means: 'the guest finds a register, or the time base, changed after it was held back',
    look: 'what is saved before the task work is run, and loaded after it: arch/powerpc/kvm/book3s_hv*.c',
  },
  {
    name: 'needless-exits',
    fits: ({ fails, reason }) =>
      fails('guest_stays_in_kernel') ||
      /nobody sent a signal/.test(reason('kvm_run_returns_as_documented')),
    means:
      'KVM_RUN returns to user space for work that the kernel can do itself; guests become slow',
    look: 'what makes the run loop return: only a signal has to',
  },
  {
    name: 'wrong-return',
    fits: (seen) =>
      seen.metric('kvm_run_returns_as_documented', 'wrong_returns') > 0 ||
      title(seen, /^KVM_EXIT_10$/),
    means:
      'KVM_RUN returns for a signal otherwise than documented: errno, exit_reason or signal_exits',
    look: 'the way out of the run loop for a signal: -EINTR, KVM_EXIT_INTR, and signal_exits once',
  },
  {
    name: 'slack-returned',
    fits: ({ fails }) => fails('ceding_guest_obeys_quota'),
    means: 'a guest that often sleeps gets more or less than its quota',
    look: '__return_cfs_rq_runtime() in kernel/sched/fair.c',
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
    name: 'limit-not-taken-over',
    fits: ({ fails }) =>
      fails(
        ...['limit_set_while_running', 'limit_lowered_while_running', 'limit_raised_while_running'],
        ...['burst_is_honoured_and_bounded', 'parent_limit_is_obeyed'],
        ...['moved_guest_obeys_the_new_limit'],
      ),
    means:
      'a limit that is there from the start holds; one that is changed, a burst or a group above does not',
    look: 'tg_set_cfs_bandwidth() in kernel/sched/core.c, and the walk over groups above in kernel/sched/fair.c',
  },
  {
    name: 'cpus-left-out',
    fits: ({ fails }) =>
      fails(
        ...['smp_limit_above_a_cpu', 'smp_limit_below_a_cpu', 'guest_moves_between_cpus'],
        ...['cpu_goes_offline_and_comes_back'],
      ),
    means: 'the limit holds on one CPU, and not on several',
    look: 'what the check before the guest entry, or the scheduler, does on other CPUs than the first',
  },
  {
    name: 'dies-late',
    fits: ({ fails }) =>
      fails(
        ...['busy_guest_dies_at_once', 'limited_guest_dies_by_cgroup_kill'],
        ...['kvm_run_returns_as_documented'],
      ),
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
    reason: (name) => named(name)?.reason ?? '',
  };
  const row = rows.find((one) => one.fits(seen));
  if (!row) return undefined;
  const { name, means, look, known, bug } = row;
  return { name, means, look, ...(known !== undefined && { known }), ...(bug && { bug }) };
}
