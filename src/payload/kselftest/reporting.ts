// SPDX-License-Identifier: MIT
import type { JobResult } from '../../model/result.js';
import type { KeyNumber, ReportingPart } from '../test-program.js';
import type { KselftestParameters } from './program.js';

const count = (job: JobResult, status: string): string =>
  String(job.cases.filter((one) => one.status === status).length);

const keyNumbers: readonly KeyNumber[] = [
  { name: 'passed', column: 'passed', inMail: 'passed', of: (job) => count(job, 'PASS') },
  { name: 'failed', column: 'failed', inMail: 'failed', of: (job) => count(job, 'FAIL') },
  { name: 'skipped', column: 'skipped', inMail: 'skipped', of: (job) => count(job, 'SKIP') },
];

export const reporting: ReportingPart<KselftestParameters> = {
  describe: () => undefined,
  comesFirst: () => false,
  kcidbPath: 'kselftest',
  measured: [],
  mostNamed: 5,
  keyNumbers,
  overview: (job) =>
    job.cases.length === 0 ? undefined : `${count(job, 'PASS')} of ${job.cases.length} pass`,
  signature: () => undefined,
  placeInKernel: () => undefined,
  phrases: {
    keeps: 'passes its selftests',
    keepsMany: 'pass their selftests',
    breaks: 'fails selftests',
    breaksMany: 'fail selftests',
    onlyOthersFail: 'fails selftests',
    scheduler: 'fails selftests',
  },
  cpuLimit: () => undefined,
  bars: [],
  evidence: () => '',
};
