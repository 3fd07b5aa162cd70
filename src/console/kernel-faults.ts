// SPDX-License-Identifier: MIT
import { timerLost, type FaultPattern } from '../model/fault-pattern.js';

/** The kernel stops, or the task does. */
export const crash: readonly FaultPattern[] = [
  {
    class: 'no-init',
    source: 'init/main.c, init/do_mounts.c',
    pattern:
      /Kernel panic - not syncing: (No working init found|Requested init \S+ failed \(error -?\d+\)|VFS: Unable to mount root fs)/,
    title: 'Kernel panic - not syncing: $1',
    fatal: true,
  },
  {
    class: 'panic',
    source: 'kernel/panic.c',
    pattern: /Kernel panic - not syncing: (.*)/,
    title: 'Kernel panic - not syncing: $1',
    fatal: true,
  },
  {
    class: 'bug',
    source: 'lib/bug.c',
    pattern: /^kernel BUG at (\S+?)!?(?: \[verbose debug info unavailable\])?$/,
    title: 'kernel BUG at $1',
    lines: 60,
  },
];

/** The machine is too slow for its own timer, or its timer does not work. */
export const timers: readonly FaultPattern[] = [
  {
    class: timerLost,
    // clockevents_increase_min_delta(): the timer was set to all times up to a tick from now, and each had passed.
    source: 'kernel/time/clockevents.c',
    pattern: /^CE: (Reprogramming failure\. Giving up)/,
    title: "the machine's timer: $1",
    lines: 10,
  },
];

/** Found by instrumentation. */
export const sanitizers: readonly FaultPattern[] = [
  {
    class: 'kasan',
    source: 'mm/kasan/report.c',
    pattern: /^BUG: (KASAN: .*)/,
    title: 'BUG: $1',
    lines: 60,
  },
  {
    class: 'kcsan',
    source: 'kernel/kcsan/report.c',
    pattern: /^BUG: (KCSAN: .*)/,
    title: 'BUG: $1',
  },
  {
    class: 'kmsan',
    source: 'mm/kmsan/report.c',
    pattern: /^BUG: (KMSAN: .*)/,
    title: 'BUG: $1',
  },
  {
    class: 'kfence',
    source: 'mm/kfence/report.c',
    pattern: /^BUG: (KFENCE: .*)/,
    title: 'BUG: $1',
  },
  {
    class: 'ubsan',
    source: 'lib/ubsan.c',
    pattern: /^UBSAN: (.* in \S+:\d+):\d+$/,
    title: 'UBSAN: $1',
  },
];

/** Something hangs. */
export const lockups: readonly FaultPattern[] = [
  {
    class: 'soft-lockup',
    source: 'kernel/watchdog.c',
    pattern: /^(?:NMI )?(?:watchdog: )?BUG: soft lockup - CPU#\d+ stuck for \d+s! \[(.*):\d+\]/,
    title: 'BUG: soft lockup [$1]',
  },
  {
    class: 'hard-lockup',
    source: 'kernel/watchdog.c',
    pattern: /^(?:NMI )?watchdog: (?:CPU\d+: )?Watchdog detected hard LOCKUP on cpu/,
    title: 'Watchdog detected hard LOCKUP',
    joins: ['hard-lockup'],
  },
  {
    class: 'rcu-stall',
    source: 'kernel/rcu/tree_stall.h, kernel/rcu/tree_exp.h',
    pattern:
      /^(?:rcu: )?INFO: (\w+ (?:self-detected stall on CPU|detected (?:expedited )?stalls on CPUs\/tasks|detected stall, but suppressed|detected expedited stalls, but suppressed))/,
    title: 'INFO: $1',
    joins: ['rcu-stall'],
  },
  {
    class: 'rcu-stall',
    source: 'kernel/rcu/tasks.h',
    pattern: /^INFO: (rcu_tasks\w* detected stalls on tasks)/,
    title: 'INFO: $1',
  },
  {
    class: 'rcu-stall',
    source: 'kernel/rcu/tree_stall.h',
    pattern: /^rcu: (\w+ kthread (?:starved for|timer wakeup didn't happen for)) \d+ jiffies!/,
    title: '$1 too long',
    joins: ['rcu-stall'],
  },
  {
    class: 'hung-task',
    source: 'kernel/hung_task.c',
    pattern: /^INFO: task (.*):\d+ blocked(?: in I\/O wait)? for more than \d+ seconds/,
    title: 'INFO: task $1 blocked for too long',
  },
  {
    class: 'workqueue-lockup',
    source: 'kernel/workqueue.c',
    pattern: /^BUG: workqueue lockup - pool/,
    title: 'BUG: workqueue lockup',
  },
];

/** Wrong use of locks. */
export const lockdep: readonly FaultPattern[] = [
  {
    class: 'lockdep',
    source: 'kernel/locking/lockdep.c',
    pattern:
      /^WARNING: (possible (?:circular locking dependency|recursive locking|irq lock inversion dependency) detected|\S+-safe -> \S+-unsafe lock order detected|inconsistent lock state|chain_key collision|Nested lock was not taken|bad (?:unlock balance|contention) detected!|held lock freed!|lock held when returning to user space!|suspicious RCU usage)/,
    title: 'WARNING: $1',
    lines: 60,
  },
  {
    class: 'lockdep',
    source: 'kernel/locking/lockdep.c',
    pattern: /^WARNING: (.*)\/\d+ still has locks held!/,
    title: 'WARNING: $1 still has locks held!',
    lines: 60,
  },
  {
    class: 'lockdep',
    source: 'kernel/locking/lockdep.c',
    pattern: /^\[ (BUG: Invalid wait context) \]/,
    title: '$1',
    lines: 60,
  },
  {
    class: 'lockdep',
    source: 'kernel/locking/lockdep.c',
    pattern: /^(INFO: trying to register non-static key|BUG: MAX_\w+ too low!)/,
    title: '$1',
  },
];

/** Everything else that the kernel complains of. */
export const warnings: readonly FaultPattern[] = [
  {
    class: 'warning',
    source: 'kernel/panic.c since v6.19',
    pattern: /^WARNING: (\S+:\d+) at (\S+)(?: \[\w+\])?, CPU#\d+: /,
    title: 'WARNING: $1 at $2',
  },
  {
    class: 'warning',
    source: 'kernel/panic.c since v6.19, without file names',
    pattern: /^WARNING: at (\S+)(?: \[\w+\])?, CPU#\d+: /,
    title: 'WARNING: at $1',
  },
  {
    class: 'warning',
    source: 'kernel/panic.c before v6.19',
    pattern: /^WARNING: CPU: \d+ PID: \d+ at (\S+:\d+) (\S+)/,
    title: 'WARNING: $1 at $2',
  },
  {
    class: 'warning',
    source: 'kernel/panic.c before v6.19, without file names',
    pattern: /^WARNING: CPU: \d+ PID: \d+ at (\S+)/,
    title: 'WARNING: at $1',
  },
  {
    class: 'bug',
    source: 'kernel/sched/core.c, mm/, lib/, kernel/locking/',
    pattern: /^(BUG: .+)/,
    title: '$1',
  },
  {
    class: 'oom',
    source: 'mm/oom_kill.c',
    pattern: /^(.{1,20}) invoked oom-killer: /,
    title: '$1 invoked oom-killer',
    lines: 80,
  },
  {
    class: 'oom',
    source: 'mm/oom_kill.c',
    pattern:
      /^((?:Memory cgroup out|Out) of memory)(?: \(oom_kill_allocating_task\))?: Killed process \d+ \((.*?)\)/,
    title: '$1: Killed process $2',
    lines: 1,
    joins: ['oom'],
  },
];

/** The guest was not entered, or was left in a way that KVM does not know; on every architecture. */
export const kvm: readonly FaultPattern[] = [
  {
    class: 'kvm-entry',
    source: "busyguest's payload",
    pattern: /^# fault: (KVM_(?:EXIT_\w+|RUN(?: of QEMU)?: [^,]+))/,
    title: '$1',
  },
  {
    class: 'hung-task',
    source: "busyguest's payload",
    pattern: /^# fault: (SCHEDULER: [^,]+)/,
    title: '$1',
  },
  {
    class: 'kvm-entry',
    source: 'accel/kvm/kvm-all.c of QEMU',
    pattern: /^(error: kvm run failed .*)/,
    title: '$1',
  },
];
