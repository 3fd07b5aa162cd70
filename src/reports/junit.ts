// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import type { Builder, TestCase, TestSuite } from 'junit-report-builder';
import type { CaseResult, Fault, JobResult, RunResult } from '../model/result.js';
import type { Status } from '../model/status.js';
import { cleanLine, cleanText, clip, tailBytes } from './text.js';
import { factsByOwner } from './facts.js';

// What Node.js loads is one CommonJS file of 0.8 MB whose whole export is the builder. To import it takes six times as
// long: it is searched for names that might be exported.
const rootBuilder = createRequire(import.meta.url)('junit-report-builder') as Builder;

/** The most that junit.xml takes of one job's console, bytes: CI servers load the whole file at once. */
export const maxSystemOutBytes = 64 * 1024;

const maxExplanation = 32 * 1024;

// The builder closes a CDATA section at the second `]]>` of a text.
const xmlText = (text: string): string => cleanText(text).replaceAll(']]>', ']] >');

/** Dots separate the levels of a class name. */
const level = (name: string): string => cleanLine(name).replace(/[.\s]/g, '_');

function faultText({ class: name, title, phase, lines }: Fault): string {
  return [`fault ${name} in phase ${phase}: ${title}`, ...lines.map((line) => `  ${line}`)].join(
    '\n',
  );
}

/** What a person sees first of a case that went wrong: the kernel's faults, then reason and numbers. */
function explanation(job: JobResult, reason: string, metrics: CaseResult['metrics']): string {
  const parts = [
    ...job.faults.map(faultText),
    reason,
    ...metrics.map(({ name, value, unit }) => `${name} = ${value} ${unit}`),
    `job ${job.name}: ${job.status}, expected ${job.expect}: ${job.reason}`,
  ];
  return xmlText(clip(parts.join('\n'), maxExplanation));
}

function setStatus(target: TestCase, status: Status, reason: string, text: string): void {
  const message = cleanLine(reason);
  if (status === 'FAIL') target.failure(message, status).stacktrace(text);
  if (status === 'ERROR' || status === 'MISS') target.error(message, status, text);
  if (status === 'SKIP') target.skipped();
}

/** Makes names unique in the whole file: Jenkins shows one of two that are equal. */
function uniqueNames(): (className: string, name: string) => string {
  const seen = new Set<string>();
  return (className, name) => {
    let unique = name;
    for (let count = 2; seen.has(`${className}.${unique}`); count += 1) {
      unique = `${name} (${count})`;
    }
    seen.add(`${className}.${unique}`);
    return unique;
  };
}

// The junit-10 schema of Jenkins has properties on suites only, so a metric carries its case's name.
function setProperties(suite: TestSuite, job: JobResult): void {
  const set = (name: string, value: string): void => {
    suite.property(cleanLine(name), cleanLine(value));
  };
  set('expected', job.expect);
  set('as_expected', String(job.asExpected));
  set('status', job.status);
  set('decided_by', job.decidedBy);
  set('reason', job.reason);
  for (const { name, metrics } of job.cases) {
    for (const metric of metrics) {
      const unit = ['ratio', 'count'].includes(metric.unit) ? '' : `_${metric.unit}`;
      const label = `${name}.${metric.name}${unit}`;
      set(label, String(metric.value));
    }
  }
  for (const [owner, facts] of factsByOwner(job)) {
    for (const [name, value] of Object.entries(facts)) {
      set(`${owner}.${name}`, value);
    }
  }
}

/** Cases explain a job that they decided; anything else (fault, machine) needs a case of its own. */
function casesOf(job: JobResult): readonly CaseResult[] {
  const explained = ['cases', 'scheduler', 'build'].includes(job.decidedBy) && job.cases.length > 0;
  const own: CaseResult = {
    name: 'job',
    status: job.status,
    reason: job.reason,
    metrics: [],
  };
  return explained ? job.cases : [own, ...job.cases];
}

const seconds = (milliseconds: number): number => Number((milliseconds / 1000).toFixed(3));

function addSuite(
  suite: TestSuite,
  job: JobResult,
  startedAt: string,
  tail: string,
  unique: ReturnType<typeof uniqueNames>,
): void {
  const timesMs = Object.values(job.timesMs).reduce((sum, ms) => sum + ms, 0);
  suite.name(cleanLine(job.name)).timestamp(startedAt).time(seconds(timesMs));
  setProperties(suite, job);
  const className = ['busyguest', ...[job.kernel, job.device, job.test].map(level)].join('.');
  const cases = casesOf(job);
  const wrong = cases.findIndex(({ status }) => status !== 'PASS' && status !== 'SKIP');
  const withLog = wrong >= 0 ? wrong : cases.length - 1;
  for (const [index, { name, status, reason, metrics }] of cases.entries()) {
    const target = suite
      .testCase()
      .className(className)
      .name(unique(className, cleanLine(name)));
    const why = reason ?? (status === 'PASS' ? '' : job.reason);
    setStatus(target, status, why, explanation(job, why, metrics));
    // The builder gives a skipped case no message, so the reason stands in its output.
    const skipped = status === 'SKIP' ? `SKIP: ${cleanLine(why)}\n` : '';
    const output = xmlText(skipped + (index === withLog ? tail : ''));
    if (output !== '') target.standardOutput(tailBytes(output, maxSystemOutBytes));
  }
}

/**
 * A run as JUnit XML that Jenkins' junit-10 schema accepts: one suite a job, one case a test case.
 * @param tails the end of each job's console by job name; cut to 64 KiB here
 */
export function renderJunit(run: RunResult, tails: Readonly<Record<string, string>>): string {
  const report = rootBuilder.newBuilder().name('busyguest');
  const unique = uniqueNames();
  for (const job of run.jobs) {
    addSuite(report.testSuite(), job, run.startedAt, tails[job.name] ?? '', unique);
  }
  // The builder writes an attribute on the root that the schema does not know.
  return `${report.build().replace(/(<testsuites\b[^>]*?) skipped="\d+"/, '$1')}\n`;
}
