// SPDX-License-Identifier: MIT
import type { CaseResult, Facts } from '../../model/result.js';
import { metricOf } from '../metric.js';
import type { JudgingPart } from '../test-program.js';
import { isControl, isLimitCase, isNeeded, plainLoop, runsAlways, selectedCases } from './cases.js';
import type { BusyGuestParameters } from './parameters.js';
import { isCertainEnough, missingProof } from './pass-requirements.js';
import { sentenceOf } from './sentences.js';

const passed = (cases: readonly CaseResult[], name: string): boolean =>
  cases.some((one) => one.name === name && one.status === 'PASS');

/**
 * In virtual time nothing takes the CPU away behind the kernel's back: a plain loop that was measured and broke its
 * limit, on a machine where a guest without one got what it wanted, was let run on by the scheduler.
 */
function failureOfControl(cases: readonly CaseResult[], facts: Facts): string | undefined {
  const loop = cases.find((one) => one.name === plainLoop && one.status === 'FAIL');
  const measured = (metricOf(loop, 'usage') ?? 0) > 0;
  if (!loop || !measured || facts['time'] !== 'virtual') return undefined;
  if (!passed(cases, 'control_guest_unlimited')) return undefined;
  const why = loop.reason === undefined ? '' : ` (${loop.reason})`;
  const what = sentenceOf(loop) ?? loop.reason ?? loop.status;
  return `${loop.name}: ${what}${why}: the scheduler does not keep the limit of a plain loop`;
}

export const judging: JudgingPart<BusyGuestParameters> = {
  cases: selectedCases,
  isControl,
  isNeeded,
  runsAlways,
  isDecisive: isLimitCase,
  hasRun: (cases) => passed(cases, 'kvm_hv_available'),
  failureOfControl,
  isCertain: isCertainEnough,
  missingProof,
};
