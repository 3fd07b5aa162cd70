// SPDX-License-Identifier: MIT
import { named, withStatus } from './cases.js';
import type { Rule } from './judge.js';
import { describeCases } from './reason.js';

/** A control that fails by the kernel's own doing. */
export const schedulerBreaksLimit: Rule = ({ cases, facts, program }) => {
  const reason = program.judging.failureOfControl(cases, facts);
  return reason === undefined ? undefined : { status: 'FAIL', decidedBy: 'scheduler', reason };
};

/** Says nothing of the kernel: the machine, or a limit that real time does not let us judge. */
export const controlDoesNotHold: Rule = ({ cases, program }) => {
  const { judging } = program;
  const bad = cases.filter(
    ({ name, status }) => judging.isControl(name) && (status === 'FAIL' || status === 'ERROR'),
  );
  if (bad.length === 0) return undefined;
  const meaning = 'the machine is contended or the limit does not work for a plain loop';
  return {
    status: 'ERROR',
    decidedBy: 'control',
    reason: `${describeCases(program, bad)}: ${meaning}`,
  };
};

/** A FAIL says something about the kernel only beside controls that were at least run. */
export const failsWithoutControl: Rule = (evidence) => {
  const failed = withStatus(evidence, 'FAIL');
  const unheard = withStatus(evidence, 'MISS').filter((one) =>
    evidence.program.judging.isControl(one.name),
  );
  return failed.length > 0 && unheard.length > 0
    ? {
        status: 'ERROR',
        decidedBy: 'control',
        reason: `${describeCases(evidence.program, failed)}; but never reported: ${named(unheard)}`,
      }
    : undefined;
};
