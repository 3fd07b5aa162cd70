// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { z } from 'zod';
import type { BisectOutcome } from '../verdict/bisect-outcome.js';
import { writeWhole } from '../system/files.js';
import { readJsonIfThere } from '../system/input.js';
import type { BisectEnd } from '../kernels/git-bisect.js';
import type { Candidate, Candidates } from './bisect.js';

/** The outcome of each package that was tested, by its name. The file is the state, so that a bisection can go on. */
type Outcomes = Readonly<Record<string, BisectOutcome>>;

/** The most of a packages.json that is read, bytes. */
const mostBytes = 16 * 1024 ** 2;
const outcomes = z.record(z.string(), z.enum(['good', 'bad', 'skip']));

/**
 * A bisection over kernel packages, oldest first: the first is taken for good and the last for bad until they are
 * tested. Their order says what `git bisect` knows from the history of commits.
 */
export class PackageBisection implements Candidates {
  private readonly file: string;

  /** @param dir of the bisection */
  constructor(
    dir: string,
    private readonly names: readonly string[],
  ) {
    this.file = join(dir, 'packages.json');
  }

  /** The one in the middle of those that may be the first bad one; the nearest to it when it was skipped. */
  async next(): Promise<Candidate | undefined> {
    const { good, open } = await this.state();
    const middle = good + (open.length + 1) / 2;
    const untested = open.filter(({ outcome }) => outcome === undefined);
    const [nearest] = untested.sort((a, b) => Math.abs(a.at - middle) - Math.abs(b.at - middle));
    return nearest && this.candidate(nearest.at);
  }

  async mark({ id }: Candidate, outcome: BisectOutcome): Promise<string> {
    const all: Outcomes = { ...(await this.outcomes()), [id]: outcome };
    await writeWhole(this.file, `${JSON.stringify(all, undefined, 2)}\n`);
    const { open } = await this.state();
    const left = open.filter((one) => one.outcome === undefined).length;
    return left === 0 ? '' : `${left} packages left to tell`;
  }

  async end(): Promise<BisectEnd | undefined> {
    const { good, bad, open } = await this.state();
    if (open.some(({ outcome }) => outcome === undefined)) return undefined;
    if (open.length === 0) {
      return { kind: 'found', first: this.candidate(bad), parent: this.candidate(good) };
    }
    return {
      kind: 'skipped',
      among: [...open.map(({ at }) => at), bad].map((at) => this.candidate(at)),
    };
  }

  ends(): Promise<{ good: Candidate; bad: Candidate }> {
    const last = this.names.length - 1;
    return Promise.resolve({ good: this.candidate(0), bad: this.candidate(last) });
  }

  /** The last good and the first bad one, and what lies between them. */
  private async state(): Promise<{
    good: number;
    bad: number;
    open: { at: number; outcome: BisectOutcome | undefined }[];
  }> {
    const known = new Map(Object.entries(await this.outcomes()));
    const of = (at: number): BisectOutcome | undefined => known.get(this.names[at] ?? '');
    const last = this.names.length - 1;
    const indices = this.names.map((_, at) => at);
    const bad = indices.find((at) => at > 0 && (at === last || of(at) === 'bad')) ?? last;
    const good = indices.findLast((at) => at < bad && (at === 0 || of(at) === 'good')) ?? 0;
    const between = indices.filter((at) => at > good && at < bad);
    return { good, bad, open: between.map((at) => ({ at, outcome: of(at) })) };
  }

  private candidate(at: number): Candidate {
    return { id: this.names[at] ?? '', subject: '' };
  }

  private async outcomes(): Promise<Outcomes> {
    return (await readJsonIfThere(this.file, outcomes, mostBytes)) ?? {};
  }
}
