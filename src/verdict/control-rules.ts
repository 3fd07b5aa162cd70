// SPDX-License-Identifier: MIT
import { isControl, plainLoop } from '../payload/busy-guest/cases.js';
import { metricOf } from '../payload/metric.js';
import { named, withStatus } from './cases.js';
import type { Rule } from './judge.js';
import { describeCase, describeCases } from '../payload/busy-guest/sentences.js';

/**
 * In virtual time nothing takes the CPU away behind the kernel's back: a plain loop that was measured and broke its
 * limit, on a machine where a guest without one got what it wanted, was let run on by the scheduler.
 */
export const schedulerBreaksLimit: Rule = ({ cases, facts }) => {
  const statusOf = (name: string) => cases.find((one) => one.name === name)?.status;
  const loop = cases.find((one) => one.name === plainLoop && one.status === 'FAIL');
  const measured = (metricOf(loop, 'usage') ?? 0) > 0;
  if (!loop || !measured || facts['time'] !== 'virtual') return undefined;
  if (statusOf('control_guest_unlimited') !== 'PASS') return undefined;
  const why = loop.reason === undefined ? '' : ` (${loop.reason})`;
  const reason = `${describeCase(loop)}${why}: the scheduler does not keep the limit of a plain loop`;
  return { status: 'FAIL', decidedBy: 'scheduler', reason };
};

/** Says nothing of the kernel: the machine, or a limit that real time does not let us judge. */
export const controlDoesNotHold: Rule = ({ cases }) => {
  const bad = cases.filter(
    ({ name, status }) => isControl(name) && (status === 'FAIL' || status === 'ERROR'),
  );
  if (bad.length === 0) return undefined;
  const meaning = 'the machine is contended or the limit does not work for a plain loop';
  return { status: 'ERROR', decidedBy: 'control', reason: `${describeCases(bad)}: ${meaning}` };
};

/** A FAIL says something about the kernel only beside controls that were at least run. */
export const failsWithoutControl: Rule = (evidence) => {
  const failed = withStatus(evidence, 'FAIL');
  const unheard = withStatus(evidence, 'MISS').filter((one) => isControl(one.name));
  return failed.length > 0 && unheard.length > 0
    ? {
        status: 'ERROR',
        decidedBy: 'control',
        reason: `${describeCases(failed)}; but never reported: ${named(unheard)}`,
      }
    : undefined;
};
