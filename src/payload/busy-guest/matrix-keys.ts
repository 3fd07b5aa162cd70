// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { oneOrMore, refineWith } from '../../documents/refine.js';
import { limitBounds, parametersShape } from './parameters.js';

/** The kernel's own period where cpu.max names none, microseconds. */
export const defaultPeriodUs = 100_000;
const { shortestUs, longestPeriodUs } = limitBounds;

const limit = z.string().superRefine(refineWith(limitFault));

/** What a job matrix may say of the test. */
export const keys = {
  'quota-us': oneOrMore(parametersShape.quotaUs)
    .optional()
    .describe('cpu.max quota, microseconds a period.'),
  'period-us': oneOrMore(parametersShape.periodUs)
    .optional()
    .describe(`cpu.max period, microseconds; ${defaultPeriodUs} where it is left out.`),
  limits: oneOrMore(limit)
    .optional()
    .describe('"QUOTA PERIOD" as in cpu.max, microseconds; instead of quota-us and period-us.'),
  vcpus: oneOrMore(parametersShape.vcpus).default(1).describe('vCPUs of the guest that spins.'),
  seconds: oneOrMore(parametersShape.seconds)
    .default(3)
    .describe("Length of the observation window, seconds of the machine's time."),
  cpus: parametersShape.cpus.describe(
    'CPUs of the machine; default: vcpus. A device described here has its smp.',
  ),
  cases: parametersShape.cases.describe(
    'Cases to run besides the controls (docs/cases.md); those tagged basic where neither cases nor tags is given.',
  ),
  tags: parametersShape.tags.describe(
    'Cases to run besides the controls, by their tags; full stands for all.',
  ),
  vmm: parametersShape.vmm.describe(
    'Let a real QEMU run the guest inside the machine (docs/devices.md); one vCPU only.',
  ),
  'vmm-guest': parametersShape.vmmGuest.describe(
    'Its guest: bare, a loop and nothing else, or linux, the kernel under test; bare where it is left out.',
  ),
  'payload-args': parametersShape.payloadArgs.describe(
    'More options of the payload; a device leaves out its own of the same name.',
  ),
  trace: z
    .boolean()
    .default(false)
    .describe(
      "Also read the scheduler's own account, cfs_rq->runtime_remaining, and compare (docs/tracing.md); one vCPU only.",
    ),
};

/** Quota and period of a valid cpu.max limit, microseconds. */
export function parseLimit(text: string): { readonly quotaUs: number; readonly periodUs: number } {
  const [quotaUs, periodUs = defaultPeriodUs] = text.trim().split(/\s+/).map(Number);
  return { quotaUs: quotaUs ?? NaN, periodUs };
}

function limitFault(text: string): string | undefined {
  if (!/^\s*\d{1,12}(\s+\d{1,12})?\s*$/.test(text)) {
    return `${JSON.stringify(text)} is not "QUOTA PERIOD" in microseconds, such as "30000 100000"`;
  }
  const { quotaUs, periodUs } = parseLimit(text);
  if (quotaUs < shortestUs) return `the quota must be at least ${shortestUs} us, not ${quotaUs}`;
  if (periodUs >= shortestUs && periodUs <= longestPeriodUs) return undefined;
  return `the period must be ${shortestUs} to ${longestPeriodUs} us, not ${periodUs}`;
}
