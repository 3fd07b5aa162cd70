// SPDX-License-Identifier: MIT
import type { JobResult } from '../model/result.js';
import type { JudgingPart, KeyNumber, ReportingPart } from './test-program.js';

// What the test programs have in common that run the tests of the kernel's own tree.

const count = (job: JobResult, status: string): string =>
  String(job.cases.filter((one) => one.status === status).length);

const keyNumbers: readonly KeyNumber[] = [
  { name: 'passed', column: 'passed', inMail: 'passed', of: (job) => count(job, 'PASS') },
  { name: 'failed', column: 'failed', inMail: 'failed', of: (job) => count(job, 'FAIL') },
  { name: 'skipped', column: 'skipped', inMail: 'skipped', of: (job) => count(job, 'SKIP') },
];

/** How their cases are judged. `cases`: those that are known before the machine says which they are. */
export const treeJudging = <P>(cases: JudgingPart<P>['cases']): JudgingPart<P> => ({
  cases,
  isControl: () => false,
  isNeeded: () => false,
  runsAlways: () => false,
  isDecisive: () => true,
  // They say nothing of the path that a device promises: no guest is run.
  hasRun: () => false,
  failureOfControl: () => undefined,
  isCertain: () => true,
  missingProof: (found) =>
    found.some(({ status }) => status === 'PASS') ? [] : ['no test has reported PASS'],
  isRelative: true,
});

/** What reports say of them. `tests`: what they are called, in the plural. */
export const treeReporting = <P>(kcidbPath: string, tests: string): ReportingPart<P> => ({
  describe: () => undefined,
  comesFirst: () => false,
  kcidbPath,
  measured: [],
  mostNamed: 5,
  keyNumbers,
  overview: (job) =>
    job.cases.length === 0 ? undefined : `${count(job, 'PASS')} of ${job.cases.length} pass`,
  signature: () => undefined,
  placeInKernel: () => undefined,
  phrases: {
    keeps: `passes its ${tests}`,
    keepsMany: `pass their ${tests}`,
    breaks: `fails ${tests}`,
    breaksMany: `fail ${tests}`,
    onlyOthersFail: `fails ${tests}`,
    scheduler: `fails ${tests}`,
  },
  cpuLimit: () => undefined,
  bars: [],
  evidence: () => '',
});
