// SPDX-License-Identifier: MIT
import type { JobChange, News, RunComparison } from '../model/history.js';
import type { RunResult } from '../model/result.js';
import { version } from '../model/version.js';
import { headlineOf } from '../verdict/headline.js';
import {
  conditions,
  mailCommand,
  mailExplanations,
  mailField,
  mailTables,
  mailWidth,
  testField,
} from './mail.js';
import { byMove, formatApart, shownMetrics } from './metric-change.js';
import { asciiLine, clip, wrap } from './text.js';

/** What a night's mail says. */
export interface Message {
  readonly subject: string;
  /** 72 columns of ASCII; a command or an address may be longer. */
  readonly text: string;
}

/** What is known of a night besides its run. */
export interface NightFacts {
  /** What is followed, as the user named it. */
  readonly tree: string;
  /** What went wrong around it: nights that were missed, a page that was not published. */
  readonly notes: readonly string[];
  /** Where the page of the run is: an address, or the folder. */
  readonly page: string;
}

const shownJobs = 20;

/** The branch, or all of a name that has none. */
const branchOf = (tree: string): string => asciiLine(tree.slice(tree.indexOf('#') + 1));

const count = (number: number, one: string, many: string): readonly string[] =>
  number === 0 ? [] : [`${number} ${number === 1 ? one : many}`];

/** What is new, in a few words; empty where nothing is. */
export function inShort({ newFailures, fixed, flaky, metrics }: News): string {
  return [
    ...count(newFailures.length, 'new failure', 'new failures'),
    ...count(fixed.length, 'fixed', 'fixed'),
    ...count(flaky.length, 'flaky', 'flaky'),
    ...count(metrics.length, 'metric moved', 'metrics moved'),
  ].join(', ');
}

/** The mail of a night in which something is new; `news` is undefined for the first night. */
export function nightMail(
  run: RunResult,
  facts: NightFacts,
  news: News | undefined,
  comparison: RunComparison | undefined,
): Message {
  const headline = asciiLine(comparison?.headline ?? headlineOf(run));
  const what =
    news === undefined
      ? `first night: ${clip(asciiLine(headlineOf(run)), 120)}`
      : inShort(news) || facts.notes.map(asciiLine).join('; ');
  const blocks = [
    wrap(headline, mailWidth, 8),
    notesBlock(facts.notes),
    about(run, facts, comparison),
    ...(news === undefined ? [] : newsBlocks(news)),
    mailTables(news && inShort(news) !== '' ? ofNews(run, news) : run),
    news === undefined || news.newFailures.length > 0 ? mailExplanations(run) : [],
    comparison === undefined ? [] : wrap(`Now: ${asciiLine(headlineOf(run))}`, mailWidth, 8),
    comparison?.bisect === undefined
      ? []
      : ['To find the commit:', ...mailCommand(asciiLine(comparison.bisect))],
    [`The page of the run: ${asciiLine(facts.page)}`],
  ];
  return { subject: subjectOf(facts.tree, what), text: textOf(blocks) };
}

/** The mail of a night in which nothing could be tested. @param why the report of the error */
export function failedNightMail(why: string, facts: Pick<NightFacts, 'tree' | 'notes'>): Message {
  const [first = ''] = why.split('\n');
  const lines = why.split('\n').map((line) => asciiLine(line));
  const blocks = [
    wrap('The branch was not tested: nothing is known of its kernel.', mailWidth, 2),
    notesBlock(facts.notes),
    mailField('Tree', facts.tree),
    lines,
  ];
  return {
    subject: subjectOf(facts.tree, `not tested: ${clip(asciiLine(first), 120)}`),
    text: textOf(blocks),
  };
}

const subjectOf = (tree: string, what: string): string => `busyguest: ${branchOf(tree)}: ${what}`;

const textOf = (blocks: readonly (readonly string[])[]): string =>
  `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`;

const notesBlock = (notes: readonly string[]): readonly string[] =>
  notes.flatMap((note) => wrap(`Note: ${asciiLine(note)}.`, mailWidth, 6));

function about(
  run: RunResult,
  { tree }: NightFacts,
  comparison: RunComparison | undefined,
): readonly string[] {
  const kernels = (comparison?.kernels ?? []).map(
    ({ kernel, before, after }) => `${kernel}: ${before} -> ${after}`,
  );
  const [commit] = run.jobs.flatMap(({ facts }) => facts['git_commit'] ?? []);
  return [
    ...testField(version),
    ...mailField('Tree', tree),
    ...(commit === undefined ? [] : mailField('Commit', commit)),
    ...kernels.flatMap((text, index) => mailField(index === 0 ? 'Kernels' : '', text)),
    ...conditions(run),
  ];
}

/** The jobs that the news are of. */
function ofNews(run: RunResult, news: News): RunResult {
  const names = new Set(
    Object.values(news).flatMap((list: readonly { job: string }[]) => list.map(({ job }) => job)),
  );
  const jobs = run.jobs.filter(({ name }) => names.has(name));
  return { ...run, jobs: jobs.slice(0, shownJobs) };
}

function newsBlocks(news: News): readonly (readonly string[])[] {
  return [
    part('New failures', news.newFailures, changeLines),
    part('Fixed', news.fixed, changeLines),
    part('Flaky: PASS and FAIL with identical inputs', news.flaky, ({ job, passed, failed }) =>
      wrap(`  ${asciiLine(job)}: ${passed} x PASS, ${failed} x FAIL`, mailWidth, 3),
    ),
    part(
      'Metrics outside their past spread',
      byMove(news.metrics),
      ({ job, metric, unit, before, after, past }) => {
        const [was, is] = formatApart(before, after, unit);
        const range = formatApart(past.min, past.max, unit).join(' to ');
        const values = `${was} -> ${is} (${past.count} earlier: ${range})`;
        return [`  ${asciiLine(job)}`, `    ${asciiLine(metric)}: ${values}`];
      },
      shownMetrics,
    ),
  ];
}

const changeLines = ({ job, before, after, reason }: JobChange): readonly string[] => [
  `  ${asciiLine(job)}: ${before} -> ${after}`,
  ...wrap(asciiLine(reason), mailWidth - 4, 3).map((line) => `    ${line}`),
];

function part<T>(
  title: string,
  items: readonly T[],
  lines: (item: T) => readonly string[],
  most = shownJobs,
): readonly string[] {
  if (items.length === 0) return [];
  const rest = items.length - most;
  return [
    `${title} (${items.length}):`,
    ...items.slice(0, most).flatMap(lines),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ];
}
