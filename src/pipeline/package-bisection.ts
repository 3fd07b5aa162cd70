// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../system/files.js';
import { readJsonIfThere } from '../system/input.js';
import type { BisectEnd, Side } from '../kernels/git-bisect.js';
import type { Candidate, Candidates } from './bisect.js';

/** For each tested package, by name, which end it is like. This file is the whole state, so a bisection can be resumed. */
type Sides = Readonly<Record<string, Side>>;

/** The most of a packages.json that is read, bytes. */
const mostBytes = 16 * 1024 ** 2;
const sidesSchema = z.record(z.string(), z.enum(['old', 'new', 'skip']));

/**
 * A bisection over kernel packages, oldest first. Their order says what `git bisect` knows from the history of commits.
 */
export class PackageBisection implements Candidates {
  private readonly file: string;

  /**
   * @param dir of the bisection
   * @param turned the command for the same packages from the other end
   */
  constructor(
    dir: string,
    private readonly names: readonly string[],
    readonly turned: string,
  ) {
    this.file = join(dir, 'packages.json');
  }

  /** The one in the middle of those that may be the first new one; the nearest to it when it was skipped. */
  async next(): Promise<Candidate | undefined> {
    const { old, open } = await this.state();
    const middle = old + (open.length + 1) / 2;
    const untested = open.filter(({ side }) => side === undefined);
    const [nearest] = untested.sort((a, b) => Math.abs(a.at - middle) - Math.abs(b.at - middle));
    return nearest && this.candidate(nearest.at);
  }

  async mark({ id }: Candidate, side: Side): Promise<string> {
    const all: Sides = { ...(await this.sides()), [id]: side };
    await writeWhole(this.file, `${JSON.stringify(all, undefined, 2)}\n`);
    const { open } = await this.state();
    const left = open.filter((one) => one.side === undefined).length;
    return left === 0 ? '' : `${left} packages left to tell`;
  }

  async end(): Promise<BisectEnd | undefined> {
    const { old, new: found, open } = await this.state();
    if (open.some(({ side }) => side === undefined)) return undefined;
    if (open.length === 0) {
      return { kind: 'found', first: this.candidate(found), parent: this.candidate(old) };
    }
    return {
      kind: 'skipped',
      among: [...open.map(({ at }) => at), found].map((at) => this.candidate(at)),
    };
  }

  ends(): Promise<{ older: Candidate; newer: Candidate }> {
    const last = this.names.length - 1;
    return Promise.resolve({ older: this.candidate(0), newer: this.candidate(last) });
  }

  /** The last old and the first new one, and what lies between them. */
  private async state(): Promise<{
    old: number;
    new: number;
    open: { at: number; side: Side | undefined }[];
  }> {
    const known = new Map(Object.entries(await this.sides()));
    const of = (at: number): Side | undefined => known.get(this.names[at] ?? '');
    const last = this.names.length - 1;
    const indices = this.names.map((_, at) => at);
    const found = indices.find((at) => at > 0 && (at === last || of(at) === 'new')) ?? last;
    const old = indices.findLast((at) => at < found && (at === 0 || of(at) === 'old')) ?? 0;
    const between = indices.filter((at) => at > old && at < found);
    return { old, new: found, open: between.map((at) => ({ at, side: of(at) })) };
  }

  private candidate(at: number): Candidate {
    return { id: this.names[at] ?? '', subject: '' };
  }

  private async sides(): Promise<Sides> {
    return (await readJsonIfThere(this.file, sidesSchema, mostBytes)) ?? {};
  }
}
