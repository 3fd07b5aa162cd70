// SPDX-License-Identifier: MIT
import type { BisectEnd } from '../kernels/git-bisect.js';
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

/** A candidate in one line. */
export function name({ id, subject }: Candidate): string {
  return `${/^[0-9a-f]{40}$/.test(id) ? id.slice(0, 12) : id} ${subject}`.trim();
}
