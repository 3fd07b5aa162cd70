// SPDX-License-Identifier: MIT
import { caseWith, casesWith } from './verdict-evidence.js';
import { stall, type Row } from './verdict-judge-rows.js';

const broken = caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.33, usage: 6e6 });
const brokenLoop = caseWith(
  'control_host_loop_obeys_quota',
  'FAIL',
  { overrun_ratio: 3.31, usage: 993_000 },
  'too much',
);

/** Where a control does not hold. */
export const controlRows: readonly Row[] = [
  {
    what: 'a control fails, and so does a case',
    evidence: {
      cases: casesWith(
        caseWith('control_guest_unlimited', 'FAIL', { usage: 250_000, window: 1_000_000 }),
        broken,
      ),
    },
    status: 'ERROR',
    by: 'control',
    reason: /control_guest_unlimited: the guest got 25 % of a CPU.*: the machine is contended or/,
  },
  {
    what: 'a control cannot tell',
    evidence: {
      cases: casesWith(caseWith('control_host_loop_obeys_quota', 'ERROR', {}, 'no cgroup')),
    },
    status: 'ERROR',
    by: 'control',
    reason: /control_host_loop_obeys_quota: no cgroup/,
  },
  {
    what: 'a plain loop breaks its limit in virtual time',
    evidence: { facts: { time: 'virtual' }, cases: casesWith(brokenLoop, broken) },
    status: 'FAIL',
    by: 'scheduler',
    reason:
      /^control_host_loop_obeys_quota: 3\.31 x the quota \(too much\): the scheduler does not keep/,
  },
  {
    what: 'a plain loop breaks its limit, and nobody says that time is virtual',
    evidence: { cases: casesWith(brokenLoop, broken) },
    status: 'ERROR',
    by: 'control',
    reason: /^control_host_loop_obeys_quota: 3\.31 x the quota: the machine is contended or/,
  },
  {
    what: 'a plain loop breaks its limit in real time',
    evidence: { facts: { time: 'real' }, cases: casesWith(brokenLoop, broken) },
    status: 'ERROR',
    by: 'control',
    reason: /contended/,
  },
  {
    what: 'a plain loop breaks its limit, and the machine is contended',
    evidence: {
      facts: { time: 'virtual' },
      cases: casesWith(
        caseWith('control_guest_unlimited', 'FAIL', { usage: 250_000, window: 1_000_000 }),
        brokenLoop,
      ),
    },
    status: 'ERROR',
    by: 'control',
    reason: /contended/,
  },
  {
    what: 'a plain loop that could not be started',
    evidence: {
      facts: { time: 'virtual' },
      cases: casesWith(caseWith('control_host_loop_obeys_quota', 'FAIL', {}, 'fork: no memory')),
    },
    status: 'ERROR',
    by: 'control',
    reason: /fork: no memory/,
  },
  {
    what: 'a fault comes before the scheduler',
    evidence: { facts: { time: 'virtual' }, cases: casesWith(brokenLoop), faults: [stall] },
    status: 'FAIL',
    by: 'fault',
    reason: /^rcu-stall/,
  },
  {
    what: 'a case with the name of a control that is none',
    evidence: {
      cases: [...casesWith(), caseWith('control_of_nothing', 'FAIL', {}, 'x')],
    },
    status: 'FAIL',
    by: 'cases',
    reason: /^control_of_nothing: x$/,
  },
  {
    what: 'a case fails where a control was never reported',
    evidence: {
      cases: casesWith(broken).filter((one) => one.name !== 'control_host_loop_obeys_quota'),
    },
    status: 'ERROR',
    by: 'control',
    reason: /3\.33 x the quota; but never reported: control_host_loop_obeys_quota/,
  },
];
