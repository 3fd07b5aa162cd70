// SPDX-License-Identifier: MIT
import type { BisectEnd, Side } from '../kernels/git-bisect.js';
import { JobError } from '../model/errors.js';
import type { BisectOutcome } from '../verdict/bisect-outcome.js';

/** One of an ordered row of kernels: a commit, or a package. */
export interface Candidate {
  readonly id: string;
  readonly subject: string;
}

/** Where candidates come from and who halves the row: `git bisect`, or a list of versions. */
export interface Candidates {
  next(signal: AbortSignal): Promise<Candidate | undefined>;
  /** Gives a word on how much is left. */
  mark(candidate: Candidate, side: Side, signal: AbortSignal): Promise<string>;
  end(signal: AbortSignal): Promise<BisectEnd | undefined>;
  /** Tested before anything between them: what they are says what is looked for. */
  ends(signal: AbortSignal): Promise<{ readonly older: Candidate; readonly newer: Candidate }>;
  /** The command for the same row from the other end, where only the user knows which end is older. */
  readonly turned?: string;
}

/** What a test of one candidate gave. */
export interface StepResult {
  readonly outcome: BisectOutcome;
  /** Status and reason, one line. */
  readonly text: string;
  /** Of the kernel, where it is known. */
  readonly release?: string;
}

/** What a bisection looks for: the first that breaks the limit, or the first that keeps it again. */
export type Sought = 'bad' | 'good';

/** How each is spoken of. */
export const soughtWords = {
  bad: { name: 'bad', does: 'breaks the limit', didBefore: 'keeps it' },
  good: { name: 'fixed', does: 'keeps the limit', didBefore: 'breaks it' },
} as const satisfies Readonly<Record<Sought, unknown>>;

const opposite = { bad: 'good', good: 'bad', skip: 'skip' } as const;
const does = (outcome: BisectOutcome): string =>
  outcome === 'skip' ? 'tells nothing' : soughtWords[outcome].does;

/** A bisection's answer. */
export interface BisectAnswer {
  readonly end: BisectEnd;
  readonly sought: Sought;
  /** The one found and the one before it, tested: only both together prove it. */
  readonly evidence: readonly { readonly candidate: Candidate; readonly result: StepResult }[];
  /** The one found is what was looked for, and the one before it is not. */
  readonly proven: boolean;
}

/**
 * Tests candidates until the first one that is as the newer end is found, then whatever of its proof was not tested
 * yet. Throws JobError where the ends leave nothing to look for.
 * @param expected what the user looks for, where the ends do not say it
 */
export async function bisect(
  candidates: Candidates,
  test: (candidate: Candidate) => Promise<StepResult>,
  say: (line: string) => void,
  signal: AbortSignal,
  expected: Sought = 'bad',
): Promise<BisectAnswer> {
  const tested = new Map<string, StepResult>();
  const testOnce = async (candidate: Candidate): Promise<StepResult> => {
    const result = tested.get(candidate.id) ?? (await test(candidate));
    tested.set(candidate.id, result);
    return result;
  };
  const { older, newer } = await candidates.ends(signal);
  const testEnd = async (candidate: Candidate, which: string): Promise<End> => {
    const result = await testOnce(candidate);
    say(`the ${which} end, ${name(candidate)}: ${result.outcome}: ${result.text}`);
    return { ...result, name: name(candidate) };
  };
  const first = await testEnd(older, 'older');
  const last = await testEnd(newer, 'newer');
  assertOldestFirst(first, last, candidates.turned);
  const sought = soughtOf(first, last, expected);
  say(`looking for the first that ${does(sought)}`);
  const sideOf = { [sought]: 'new', [opposite[sought]]: 'old', skip: 'skip' } as Record<
    BisectOutcome,
    Side
  >;
  for (;;) {
    const candidate = await candidates.next(signal);
    if (candidate === undefined) break;
    const result = await testOnce(candidate);
    say(`${name(candidate)}: ${result.outcome}: ${result.text}`);
    const left = await candidates.mark(candidate, sideOf[result.outcome], signal);
    if (left !== '') say(`  ${left}`);
  }
  const end = await candidates.end(signal);
  if (end === undefined) throw new Error('the bisection has no candidate and no end');
  if (end.kind === 'skipped') return { end, sought, evidence: [], proven: false };
  const evidence: { candidate: Candidate; result: StepResult }[] = [];
  for (const candidate of [end.first, ...(end.parent ? [end.parent] : [])]) {
    if (!tested.has(candidate.id)) say(`${name(candidate)}: to be sure`);
    evidence.push({ candidate, result: await testOnce(candidate) });
  }
  const [found, before] = evidence.map(({ result }) => result.outcome);
  const proven = found === sought && before === opposite[sought];
  return { end, sought, evidence, proven };
}

type End = StepResult & { readonly name: string };

const refuse = (message: string, hint: string): never => {
  throw new JobError([{ message: `bisect: ${message}`, hint }]);
};

/** What the ends say is looked for. An end that tells nothing may be what it was taken for. */
function soughtOf(first: End, last: End, expected: Sought): Sought {
  const both = `${first.name} ${does(first.outcome)}, and ${last.name}`;
  if (first.outcome === last.outcome && first.outcome !== 'skip') {
    refuse(
      `${both} ${does(last.outcome)} too`,
      'one end has to break the limit, the other to keep it',
    );
  }
  const sought = last.outcome === 'skip' ? opposite[first.outcome] : last.outcome;
  if (sought === 'skip') return expected;
  const isOneUntold = first.outcome === 'skip' || last.outcome === 'skip';
  if (isOneUntold && sought !== expected) {
    refuse(`${both} ${does(last.outcome)}: this is not what it was taken for`, 'take another end');
  }
  return sought;
}

/** Of a row that is newest first, the first that breaks the limit would be the last one that was not mended yet. */
function assertOldestFirst(first: End, last: End, turned: string | undefined): void {
  const [a = '', b = ''] = [first.release, last.release];
  if (turned === undefined || a === '' || b === '' || compareReleases(a, b) <= 0) return;
  refuse(
    `the row is newest first: ${first.name} is kernel ${a}, and ${last.name} is ${b}`,
    `the other way round: ${turned}`,
  );
}

/** By the numbers that both begin with: 6.12.107+deb13 is before 7.2.13. */
function compareReleases(a: string, b: string): number {
  const numbers = (text: string): readonly number[] =>
    (/^\d+(?:\.\d+)*/.exec(text)?.[0] ?? '').split('.').filter(Boolean).map(Number);
  const [x, y] = [numbers(a), numbers(b)];
  const at = x.findIndex((number, index) => number !== y[index]);
  return at < 0 || y[at] === undefined ? 0 : (x[at] ?? 0) - y[at];
}

/** A candidate in one line. */
export function name({ id, subject }: Candidate): string {
  return `${/^[0-9a-f]{40}$/.test(id) ? id.slice(0, 12) : id} ${subject}`.trim();
}
