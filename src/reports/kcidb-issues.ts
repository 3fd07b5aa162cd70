// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { JobResult } from '../model/result.js';
import { programOf } from '../payload/registry.js';
import { signatureOf } from '../verdict/signatures.js';
import type { KcidbSource, NamedIssue } from './kcidb-source.js';
import { testId, type KcidbContext } from './kcidb-tests.js';
import type { KcidbIncident, KcidbIssue } from './kcidb-types.js';
import { cleanLine, cleanText, clip, httpsUrl } from './text.js';

/** Issues, and that they occurred; an issue may be there more than once. */
export interface Occurred {
  readonly issues: readonly KcidbIssue[];
  readonly incidents: readonly KcidbIncident[];
}

function issueOf({ title, reason }: NamedIssue, origin: string): KcidbIssue {
  const hash = createHash('sha256').update(`${title.source}\n${reason}`).digest('hex').slice(0, 16);
  const url = httpsUrl.exec(reason.slice(0, 4000))?.[0];
  return {
    id: `${origin}:known-fault-${hash}`,
    origin,
    version: 1,
    comment: clip(cleanLine(reason), 1000),
    ...(url === undefined ? {} : { report_url: url }),
    culprit: { code: true, tool: false, harness: false },
    misc: { title_pattern: cleanText(title.source) },
  };
}

/** The known faults that a job showed: the issues that the job matrix names, and that they occurred. */
export function knownFaultsOf(
  job: JobResult,
  source: KcidbSource,
  context: KcidbContext,
): Occurred {
  const { origin, idOf } = context;
  const found = job.faults.flatMap((fault) => {
    const known = source.issues.find(({ title }) => title.test(fault.title));
    return known ? [{ fault, issue: issueOf(known, origin) }] : [];
  });
  return {
    issues: found.map(({ issue }) => issue),
    incidents: found.map(({ fault, issue }) => ({
      id: idOf('incident', job.name, issue.id),
      origin,
      issue_id: issue.id,
      issue_version: issue.version,
      test_id: testId(context, job),
      present: true,
      comment: clip(cleanLine(fault.title), 1000),
    })),
  };
}

/** The bug behind a FAIL that the job matrix expects: the one it looks like, or else just that it was expected. */
function expectedIssue(job: JobResult, origin: string): KcidbIssue {
  const found = signatureOf(job);
  const bug = found?.bug;
  const program = programOf(job).name;
  return {
    id: `${origin}:${program}-${found?.name ?? 'expected-failure'}`,
    origin,
    version: 1,
    comment: found === undefined ? 'the job matrix expects this to fail' : cleanLine(found.means),
    ...(bug && { report_url: bug.reportUrl, report_subject: bug.subject }),
    culprit: { code: true, tool: false, harness: false },
    misc: {
      ...(found && { look: found.look }),
      ...(bug && { introduced_by: bug.introducedBy, fix: bug.fix }),
    },
  };
}

/** The kernels of the run that do not have the bug of a job. */
function fixedBy(job: JobResult, { run }: KcidbContext): readonly string[] {
  return run.verdicts
    .filter(({ base, device, test }) => `${base} ${device} ${test}` === placeOf(job))
    .filter(({ verdict }) => verdict === 'fixed')
    .map(({ patched }) => {
      const other = run.jobs.find(
        ({ kernel, device, test }) =>
          kernel === patched && device === job.device && test === job.test,
      );
      return cleanLine(`${patched}: ${other?.facts['kernel_patches'] ?? ''}`);
    });
}

const placeOf = ({ kernel, device, test }: JobResult): string => `${kernel} ${device} ${test}`;

/**
 * A FAIL that the job matrix expects: each test that fails is an incident of the bug, so that nobody looks at it
 * again. Nothing for a job that fails otherwise than expected.
 */
export function expectedFailuresOf(job: JobResult, context: KcidbContext): Occurred {
  const isExpected = job.expect === 'FAIL' && job.asExpected && job.decidedBy === 'cases';
  if (job.status !== 'FAIL' || !isExpected) return { issues: [], incidents: [] };
  const { origin, idOf } = context;
  const issue = expectedIssue(job, origin);
  const fixed = fixedBy(job, context);
  const failing = job.cases.filter(({ status }) => status === 'FAIL').map(({ name }) => [name]);
  return {
    issues: [issue],
    incidents: [[], ...failing].map((names) => ({
      id: idOf('incident', job.name, issue.id, ...names),
      origin,
      issue_id: issue.id,
      issue_version: issue.version,
      test_id: testId(context, job, ...names),
      present: true,
      comment: 'as the job matrix expects',
      ...(fixed.length > 0 && { misc: { fixed_by: fixed } }),
    })),
  };
}
