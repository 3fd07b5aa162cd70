// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import type { Builder, TestCase, TestSuite } from 'junit-report-builder';
import type { CaseResult, Fault, JobResult, RunResult } from '../model/result.js';
import {
  expectedReason,
  jobShownAs,
  passesUnexpectedly,
  shownAs,
  unexpectedPass,
  usualMode,
  type ExpectedMode,
  type Shown,
} from '../verdict/expected.js';
import { setProperties } from './junit-properties.js';
import { caseSeconds, suiteSeconds } from './junit-times.js';
import { xmlLine, xmlText } from './junit-text.js';
import { clip, tailBytes } from './text.js';

// What Node.js loads is one CommonJS file of 0.8 MB whose whole export is the builder. To import it takes six times as
// long: it is searched for names that might be exported.
const rootBuilder = createRequire(import.meta.url)('junit-report-builder') as Builder;

/** The most that junit.xml takes of one job's console, bytes: CI servers load the whole file at once. */
export const maxSystemOutBytes = 64 * 1024;

const maxExplanation = 32 * 1024;

/** What junit.xml says beside results.json. */
export interface JunitOptions {
  /** How failures that are expected are shown. */
  readonly mode?: ExpectedMode;
  /** The end of each job's console by job name; cut to 64 KiB here. */
  readonly tails?: Readonly<Record<string, string>>;
  /** Files of each job by job name, as Jenkins and GitLab are to find them: beside the first case that did not pass. */
  readonly attachments?: Readonly<Record<string, readonly string[]>>;
}

/** Dots separate the levels of a class name. */
const level = (name: string): string => xmlLine(name).replace(/[.\s]/g, '_');

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

/** Gives `skipped` what the builder has no words for: Jenkins shows the message, GitLab the text. */
function skip(target: TestCase, message: string, text: string): void {
  target.skipped();
  const build = target.build.bind(target);
  target.build = (parent) => {
    const element = build(parent);
    // The element's last child is the last one that was begun.
    element.children.find(isSkipped)?.att('message', message).txt(text);
    return element;
  };
}

type Element = ReturnType<TestCase['build']>;
const isSkipped = (child: unknown): child is Element =>
  (child as { readonly name?: string }).name === 'skipped';

interface ShownCase extends CaseResult {
  readonly shown: Shown;
  readonly why: string;
}

function setStatus(target: TestCase, one: ShownCase, job: JobResult): void {
  const { shown, status, why, metrics } = one;
  const message = xmlLine(why);
  if (shown === 'skip') skip(target, message, message);
  if (shown === 'todo') skip(target, message, explanation(job, why, metrics));
  if (shown !== 'fail') return;
  const text = explanation(job, why, metrics);
  if (status === 'ERROR' || status === 'MISS') target.error(message, status, text);
  else target.failure(message, status).stacktrace(text);
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

/** Cases explain a job that they decided; anything else (fault, machine) needs a case of its own. */
function casesOf(job: JobResult, mode: ExpectedMode): readonly ShownCase[] {
  const whyOf = (shown: Shown, reason: string): string =>
    shown === 'todo' ? expectedReason(job, reason) : reason;
  const cases = job.cases.map((one): ShownCase => {
    const shown = shownAs(one.status, job, mode);
    const reason = one.reason ?? (one.status === 'PASS' ? '' : job.reason);
    return { ...one, shown, why: whyOf(shown, reason) };
  });
  const isExplained =
    ['cases', 'scheduler', 'build'].includes(job.decidedBy) &&
    !passesUnexpectedly(job) &&
    job.cases.length > 0;
  if (isExplained) return cases;
  const shown = jobShownAs(job, mode);
  const why = passesUnexpectedly(job)
    ? `${unexpectedPass(job)}: ${job.reason}`
    : whyOf(shown, job.reason);
  return [{ name: 'job', status: job.status, metrics: [], shown, why }, ...cases];
}

/** What stands in `system-out`: of a case that did not pass and is shown as passed, that it was expected. */
function outputOf(one: ShownCase, job: JobResult, tail: string, files: readonly string[]): string {
  const isHidden = one.shown === 'pass' && one.status !== 'PASS';
  const note = isHidden ? `${one.status}, ${expectedReason(job, one.why)}\n` : '';
  const text = tailBytes(xmlText(note + tail), maxSystemOutBytes);
  // Each on a line of its own, or Jenkins takes what stands beside it for the name.
  const attached = files.map((file) => `[[ATTACHMENT|${file}]]\n`).join('');
  return attached === '' || text === '' || text.endsWith('\n')
    ? text + attached
    : `${text}\n${attached}`;
}

/** Of a path that Jenkins or GitLab would read another way, nothing is said. */
const isPlain = (file: string): boolean => !/[|\]\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(file);

function addSuite(
  suite: TestSuite,
  job: JobResult,
  run: RunResult,
  { mode = usualMode, tails = {}, attachments = {} }: JunitOptions,
  unique: ReturnType<typeof uniqueNames>,
): void {
  suite.name(xmlLine(job.name)).timestamp(run.startedAt).time(suiteSeconds(job, run.jobs));
  setProperties(suite, job);
  const className = ['busyguest', ...[job.kernel, job.device, job.test].map(level)].join('.');
  const cases = casesOf(job, mode);
  const wrong = cases.findIndex(({ status }) => status !== 'PASS' && status !== 'SKIP');
  const withLog = wrong >= 0 ? wrong : cases.length - 1;
  const files = wrong >= 0 ? (attachments[job.name] ?? []).filter(isPlain) : [];
  for (const [index, one] of cases.entries()) {
    const target = suite
      .testCase()
      .className(className)
      .name(unique(className, xmlLine(one.name)))
      .time(caseSeconds(job, one.name));
    setStatus(target, one, job);
    const here = index === withLog;
    const output = outputOf(one, job, here ? (tails[job.name] ?? '') : '', here ? files : []);
    if (output !== '') target.standardOutput(output);
  }
}

/** A run as JUnit XML that Jenkins' junit-10 schema accepts: one suite a job, one case a test case. */
export function renderJunit(run: RunResult, options: JunitOptions = {}): string {
  const report = rootBuilder.newBuilder().name('busyguest');
  const unique = uniqueNames();
  for (const job of run.jobs) addSuite(report.testSuite(), job, run, options, unique);
  const seconds = run.jobs.reduce((sum, job) => sum + suiteSeconds(job, run.jobs), 0);
  // The builder writes an attribute on the root that the schema does not know, and none for its time.
  return `${report
    .build()
    .replace(/(<testsuites\b[^>]*?) skipped="\d+"/, `$1 time="${Number(seconds.toFixed(3))}"`)}\n`;
}
