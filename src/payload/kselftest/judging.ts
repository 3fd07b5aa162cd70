// SPDX-License-Identifier: MIT
import type { JudgingPart } from '../test-program.js';
import type { KselftestParameters } from './program.js';

export const judging: JudgingPart<KselftestParameters> = {
  // Of a whole collection the console says which they are.
  cases: ({ kselftest }) => (kselftest.includes(':') ? [kselftest] : []),
  isControl: () => false,
  isNeeded: () => false,
  runsAlways: () => false,
  isDecisive: () => true,
  // They say nothing of the path that a device promises: no guest is run.
  hasRun: () => false,
  failureOfControl: () => undefined,
  isCertain: () => true,
  missingProof: (cases) =>
    cases.some(({ status }) => status === 'PASS') ? [] : ['no test has reported PASS'],
  isRelative: true,
};
