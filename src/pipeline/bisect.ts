// SPDX-License-Identifier: MIT
import type { BisectEnd } from '../kernels/git-bisect.js';
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
  mark(candidate: Candidate, outcome: BisectOutcome, signal: AbortSignal): Promise<string>;
  end(signal: AbortSignal): Promise<BisectEnd | undefined>;
  /** What is taken for good and for bad, and has to be before anything between them is worth a test. */
  ends(signal: AbortSignal): Promise<{ readonly good: Candidate; readonly bad: Candidate }>;
}

/** What a test of one candidate gave. */
export interface StepResult {
  readonly outcome: BisectOutcome;
  /** Status and reason, one line. */
  readonly text: string;
}

/** A bisection's answer. */
export interface BisectAnswer {
  readonly end: BisectEnd;
  /** The first bad one and the one before it, tested: only both together prove it. */
  readonly evidence: readonly { readonly candidate: Candidate; readonly result: StepResult }[];
  /** Bad is bad and the one before it is good. */
  readonly proven: boolean;
}

/** Tests candidates until the first bad one is found, then whatever of its proof was not tested yet. */
export async function bisect(
  candidates: Candidates,
  test: (candidate: Candidate) => Promise<StepResult>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<BisectAnswer> {
  const tested = new Map<string, StepResult>();
  const testOnce = async (candidate: Candidate): Promise<StepResult> => {
    const result = tested.get(candidate.id) ?? (await test(candidate));
    tested.set(candidate.id, result);
    return result;
  };
  const { good, bad } = await candidates.ends(signal);
  const seen: BisectOutcome[] = [];
  for (const [candidate, which] of [
    [good, 'good'],
    [bad, 'bad'],
  ] as const) {
    const result = await testOnce(candidate);
    say(`the ${which} end, ${name(candidate)}: ${result.outcome}: ${result.text}`);
    seen.push(result.outcome);
  }
  assertEnds(good, bad, seen);
  for (;;) {
    const candidate = await candidates.next(signal);
    if (candidate === undefined) break;
    const result = await testOnce(candidate);
    say(`${name(candidate)}: ${result.outcome}: ${result.text}`);
    const left = await candidates.mark(candidate, result.outcome, signal);
    if (left !== '') say(`  ${left}`);
  }
  const end = await candidates.end(signal);
  if (end === undefined) throw new Error('the bisection has no candidate and no end');
  if (end.kind === 'skipped') return { end, evidence: [], proven: false };
  const evidence: { candidate: Candidate; result: StepResult }[] = [];
  for (const candidate of [end.first, ...(end.parent ? [end.parent] : [])]) {
    if (!tested.has(candidate.id)) say(`${name(candidate)}: to be sure`);
    evidence.push({ candidate, result: await testOnce(candidate) });
  }
  const [first, parent] = evidence;
  const proven = first?.result.outcome === 'bad' && parent?.result.outcome === 'good';
  return { end, evidence, proven };
}

/** Throws JobError where what was seen of the ends is not what they were taken for. An end that tells nothing may be right. */
function assertEnds(
  good: Candidate,
  bad: Candidate,
  [first, last]: readonly BisectOutcome[],
): void {
  const fail = (message: string, hint: string): never => {
    throw new JobError([{ message: `bisect: ${message}`, hint }]);
  };
  if (first === 'bad' && last === 'good') {
    fail(
      `the ends are the wrong way round: ${name(good)} breaks the limit, and ${name(bad)} keeps it`,
      '--good is for the one that keeps the limit; bisect finds what broke it, not what mended it',
    );
  }
  if (first === 'bad') fail(`the good end, ${name(good)}, breaks the limit`, 'take an earlier one');
  if (last === 'good') fail(`the bad end, ${name(bad)}, keeps the limit`, 'take a later one');
}

/** A candidate in one line. */
export function name({ id, subject }: Candidate): string {
  return `${/^[0-9a-f]{40}$/.test(id) ? id.slice(0, 12) : id} ${subject}`.trim();
}
