// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { CaseResult, Fault, JobResult, Metric, RunResult } from '../model/result.js';
import { programOf } from '../payload/registry.js';
import { signatureOf } from '../verdict/signatures.js';
import type { KcidbSource, NamedIssue } from './kcidb-source.js';
import type { KcidbIncident, KcidbIssue, KcidbStatus, KcidbTest } from './kcidb-types.js';
import { cleanLine, cleanText, clip, tailBytes } from './text.js';
import { factsByOwner } from './facts.js';

/** What all objects of a submission share. */
export interface KcidbContext {
  readonly run: RunResult;
  readonly origin: string;
  /** An id of this run, made of names. */
  readonly idOf: (...parts: readonly string[]) => string;
}

const maxExcerpt = 16_384;

/** A level of a KCIDB path. */
const level = (name: string): string => cleanLine(name).replace(/[^a-zA-Z0-9_-]/g, '_') || '_';

// The test that is called as its program is the root; another is a branch of it.
function pathOf(job: JobResult): string {
  const { name, reporting } = programOf(job);
  return job.test === name ? reporting.kcidbPath : `${reporting.kcidbPath}.${level(job.test)}`;
}

const compatiblePattern = /^[^ \0]+$/;

/** The machine; `compatible` only where the payload read it from the device tree. Other facts carry their owner. */
function environmentOf(job: JobResult): KcidbTest['environment'] {
  const { device } = job;
  const compatible = (job.payloadFacts?.['compatible'] ?? '').split(/\s+/).map(cleanLine);
  const usable = compatible.filter((one) => compatiblePattern.test(one));
  return {
    ...(usable.length > 0 ? { compatible: usable } : {}),
    comment: cleanLine(device),
    misc: Object.fromEntries([
      ['device', cleanLine(device)],
      ...factsByOwner(job).flatMap(([owner, facts]) =>
        Object.entries(facts).map(([name, value]) => [
          `${owner}.${cleanLine(name)}`,
          clip(cleanLine(value), 2000),
        ]),
      ),
    ]) as Record<string, string>,
  };
}

function faultText({ class: name, phase, title, lines }: Fault): string {
  const shown = lines.slice(0, 100).map((line) => clip(line, 500));
  return [`${name} in phase ${phase}: ${clip(title, 500)}`, ...shown].join('\n');
}

/** Faults first, else the end of the console where the job went wrong. */
function excerptOf(job: JobResult, source: KcidbSource): { readonly log_excerpt?: string } {
  const wrong = job.status !== 'PASS' && job.status !== 'SKIP';
  const text = job.faults.length > 0 ? job.faults.map(faultText).join('\n\n') : source.consoleTail;
  if (!wrong || text.trim() === '') return {};
  const clean = cleanText(text);
  const bounded = job.faults.length > 0 ? clip(clean, maxExcerpt) : tailBytes(clean, maxExcerpt);
  return { log_excerpt: bounded };
}

const startOf = ({ startedAt }: RunResult): { readonly start_time?: string } =>
  Number.isNaN(Date.parse(startedAt)) ? {} : { start_time: new Date(startedAt).toISOString() };

// Seconds without a prefix: receivers scale them, and compare them with those of other tests.
function numberOf({ value, unit }: Metric): NonNullable<KcidbTest['number']> {
  if (unit === 'us') return { value: value / 1_000_000, unit: 's', prefix: 'metric' };
  if (unit === 'ratio' || unit === 'count') return { value };
  return { value, unit: cleanLine(unit) };
}

/** A job, its cases and their metrics as KCIDB tests. Ids of equal names are the caller's to join. */
export function testsOf(
  job: JobResult,
  { run, origin, idOf }: KcidbContext,
  source: KcidbSource,
): readonly KcidbTest[] {
  const path = pathOf(job);
  const environment = environmentOf(job);
  const common = { origin, build_id: idOf('build', job.kernel), environment, ...startOf(run) };
  const test = (names: readonly string[], status: KcidbStatus, comment: string) => ({
    ...common,
    id: idOf('test', job.name, ...names),
    path: [path, ...names.map(level)].join('.'),
    status,
    ...(comment === '' ? {} : { comment: clip(cleanLine(comment), 1000) }),
  });
  const milliseconds = job.timesMs['test'];
  const signature = signatureOf(job);
  const whole: KcidbTest = {
    ...test([], job.status, job.reason),
    ...excerptOf(job, source),
    ...(milliseconds === undefined ? {} : { duration: milliseconds / 1000 }),
    misc: {
      expected: job.expect,
      as_expected: job.asExpected,
      decided_by: job.decidedBy,
      ...(signature === undefined ? {} : { signature: { ...signature } }),
      faults: job.faults.map(({ class: name, title, phase }) => ({
        class: cleanLine(name),
        title: clip(cleanLine(title), 500),
        phase,
      })),
    },
  };
  const measured = ({ name, metrics }: CaseResult): readonly KcidbTest[] =>
    metrics
      .filter(({ value }) => Number.isFinite(value))
      .map((metric) => ({
        ...test([name, metric.name], 'DONE', ''),
        number: numberOf(metric),
        misc: {},
      }));
  const cases = job.cases.flatMap((one): readonly KcidbTest[] => [
    { ...test([one.name], one.status, one.reason ?? ''), misc: {} },
    ...measured(one),
  ]);
  return [whole, ...cases];
}

/** The first https URL of a text, without user and password; only what every reader of a URI takes. */
export const httpsUrl =
  /https:\/\/[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::\d{1,5})?(?:\/(?:[\w.~:/?!$&'*+,;=-]|%[0-9a-f]{2}){0,2000})?(?![\w.-]{0,2000}@)/i;

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
  { origin, idOf }: KcidbContext,
): { readonly issues: readonly KcidbIssue[]; readonly incidents: readonly KcidbIncident[] } {
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
      test_id: idOf('test', job.name),
      present: true,
      comment: clip(cleanLine(fault.title), 1000),
    })),
  };
}
