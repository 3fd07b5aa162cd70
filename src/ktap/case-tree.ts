// SPDX-License-Identifier: MIT
import type { Status } from '../model/status.js';
import type { ResultLine } from './line-type.js';
import { selftestHeader } from './parent-name.js';
import { withSubtests, type Outcome } from './result-status.js';

/** A test case with its subtests. */
export interface KtapCase {
  /** Names of the tests that this one is nested in, outermost first. Siblings share the array. */
  readonly path: readonly string[];
  /** `case N` where the log gives no name. */
  readonly name: string;
  readonly number?: number;
  readonly status: Status;
  readonly reason?: string;
  /** Diagnostic lines printed before the result, without `# `; a bounded number of them. */
  readonly diagnostics: readonly string[];
  readonly cases: readonly KtapCase[];
}

/** What may be kept of a log, whatever its size. */
export const limit = {
  diagnosticsPerCase: 100,
  diagnosticLength: 1000,
  /** Diagnostic lines of one document. */
  diagnostics: 50_000,
  /** MISS cases made from one plan. */
  missing: 10_000,
  /** Cases of one document. */
  cases: 100_000,
  problems: 100,
} as const;

/** A case while the log is read: its path is not known before its parents are. */
export type OpenCase = Omit<KtapCase, 'path' | 'cases'> & { readonly cases: readonly OpenCase[] };

/** Counts for the limits that hold over a whole document. */
export class Budget {
  readonly problems: string[] = [];
  cases = 0;
  diagnostics = 0;

  get spent(): boolean {
    return this.cases > limit.cases;
  }

  /** Notes what is wrong with the log; after `limit.problems` only that there is more. */
  note(problem: string): void {
    if (this.problems.length < limit.problems) this.problems.push(problem);
    else if (this.problems.length === limit.problems) this.problems.push('more problems follow');
  }
}

/** The results that stand at one depth of nesting and belong to one parent. */
export class Level {
  readonly cases: OpenCase[] = [];
  diagnostics: string[] = [];
  /** Sum of the plans of all blocks so far. */
  plan: number | undefined;
  /** Name of the parent, from `# Subtest: NAME` or the runner's `# selftests: DIR: NAME`. */
  parent: string | undefined;
  /** The name stood at this column, as KUnit prints it: the next such line begins another test. */
  namedInside = false;
  /** A version line, a plan or a parent's name stood here: these results have a parent. */
  hasHeader = false;
  /** Reason of a `1..0 # SKIP reason`. */
  skipAll: string | undefined;
  /** A numbered result stood here, so results without a number are believed, too. */
  hasNumbers = false;
  private blockStart = 0;
  private blockPlan: number | undefined;
  private readonly numbers = new Map<number, OpenCase>();
  /** How many results came again since the block's version line did; undefined where it did not, or the block went on. */
  private printedAgain: number | undefined;

  /** @param isNested within a test: a machine that boots again begins its outermost results again */
  constructor(
    readonly column: number,
    private readonly budget: Budget,
    private readonly isNested = false,
  ) {}

  /** The plan promises more than has come. */
  private get isUnfinished(): boolean {
    return this.blockPlan !== undefined && this.cases.length - this.blockStart < this.blockPlan;
  }

  /** It said that subtests follow, and none did. kselftest's runner says so of every test. */
  get isEmptyTest(): boolean {
    const isRunners = this.parent !== undefined && selftestHeader.test(this.parent);
    return this.hasHeader && this.cases.length === 0 && this.skipAll === undefined && !isRunners;
  }

  /** Nothing stands here yet but, at most, a version line. */
  get isFresh(): boolean {
    return this.cases.length === 0 && this.blockPlan === undefined && this.parent === undefined;
  }

  /** Takes a plan line; two that differ in one block are a problem, and the larger one counts. */
  setPlan(count: number): void {
    this.hasHeader = true;
    if (this.printedAgain !== undefined && count !== this.blockPlan) this.separate(undefined);
    if (this.blockPlan !== undefined && this.blockPlan !== count) {
      this.budget.note(`plan 1..${count} contradicts plan 1..${this.blockPlan}`);
    }
    this.blockPlan = Math.max(count, this.blockPlan ?? 0);
  }

  /** A version line within a test: a new block, or the unfinished one again. */
  beginBlock(): void {
    if (this.isNested && this.isUnfinished) this.printedAgain = 0;
    else this.endBlock();
  }

  addDiagnostic(text: string): void {
    if (this.diagnostics.length >= limit.diagnosticsPerCase) return;
    if (this.budget.diagnostics >= limit.diagnostics) return;
    this.budget.diagnostics += 1;
    this.diagnostics.push(detached(text.slice(0, limit.diagnosticLength)));
  }

  /** Adds the case of a result line, with the subtests and diagnostics that were printed before it. */
  addResult(
    line: ResultLine,
    own: Outcome,
    subtests: readonly OpenCase[],
    more: readonly string[],
  ): void {
    const { status, reason } = withSubtests(own, subtests);
    if (this.isPrintedAgain(line, status, subtests)) {
      this.diagnostics = [];
      return;
    }
    const count = this.cases.length - this.blockStart + 1;
    if (line.number !== undefined) {
      this.hasNumbers = true;
      if (line.number !== count)
        this.budget.note(`result number ${line.number} where ${count} was due`);
    }
    const number = line.number ?? count;
    const name = detached(nameOf(line) ?? `case ${number}`);
    const diagnostics = this.takeDiagnostics(more);
    // Not spread: of 100,000 cases that is a tenth of the time.
    if (reason === undefined) this.add({ name, number, status, diagnostics, cases: subtests });
    else this.add({ name, number, status, reason, diagnostics, cases: subtests });
  }

  /**
   * Whether an unfinished block has this result. A child that is forked writes what its parent had in its buffer: what
   * the parent has printed already, or will print once more itself.
   */
  private isPrintedAgain(line: ResultLine, status: Status, subtests: readonly OpenCase[]): boolean {
    if (!this.isNested || line.number === undefined || !this.isUnfinished) return false;
    const earlier = this.numbers.get(line.number);
    const isSame =
      earlier !== undefined &&
      (nameOf(line) ?? earlier.name) === earlier.name &&
      status === earlier.status &&
      subtests.length + earlier.cases.length === 0;
    if (isSame) {
      if (this.printedAgain !== undefined) this.printedAgain += 1;
    } else if (this.printedAgain !== undefined) {
      if (earlier === undefined) this.printedAgain = undefined;
      else this.separate(this.blockPlan);
    }
    return isSame;
  }

  /** What seemed to be printed again is a block of its own: its results count, and what the first lacks is MISS. */
  private separate(plan: number | undefined): void {
    const { blockStart, printedAgain = 0 } = this;
    const again = this.cases.slice(blockStart, blockStart + printedAgain);
    this.endBlock();
    this.blockPlan = plan;
    for (const one of again) this.add(one);
  }

  /** Adds a remark to the last case, from what is printed behind its result. */
  addRemark(text: string): void {
    const last = this.cases.at(-1);
    if (last === undefined || last.diagnostics.length >= limit.diagnosticsPerCase) return;
    if (this.budget.diagnostics >= limit.diagnostics) return;
    this.budget.diagnostics += 1;
    const diagnostics = [...last.diagnostics, detached(text.slice(0, limit.diagnosticLength))];
    this.cases[this.cases.length - 1] = { ...last, diagnostics };
  }

  /** Adds a parent whose result line never came. */
  addLost(name: string | undefined, subtests: readonly OpenCase[], more: readonly string[]): void {
    if (this.printedAgain !== undefined) this.separate(this.blockPlan);
    this.add({
      name: name ?? `case ${this.cases.length - this.blockStart + 1}`,
      status: 'MISS',
      reason: 'no result line after its subtests',
      diagnostics: this.takeDiagnostics(more),
      cases: subtests,
    });
  }

  /** Takes over the cases of a deeper level that has no parent of its own. */
  adopt(cases: readonly OpenCase[]): void {
    for (const one of cases) {
      this.cases.push(one);
      this.remember(one);
    }
  }

  /** Ends a block: what its plan promised and did not come becomes MISS. `expected` names go first. */
  endBlock(expected: readonly string[] = []): void {
    this.printedAgain = undefined;
    const promised = this.blockPlan;
    const reported = this.cases.length - this.blockStart;
    if (promised !== undefined && reported > promised) {
      this.budget.note(`${reported} results where the plan promised ${promised}`);
    }
    if (promised !== undefined) this.plan = (this.plan ?? 0) + promised;
    const seen = new Set(this.cases.map((one) => one.name));
    const unseen = expected.filter((name) => !seen.has(name));
    for (const name of unseen) this.addMissing(name);
    this.fillPlan((promised ?? 0) - reported - unseen.length);
    this.blockStart = this.cases.length;
    this.blockPlan = undefined;
    this.numbers.clear();
  }

  private fillPlan(missing: number): void {
    if (missing > limit.missing)
      this.budget.note(`${missing} results are missing; not all are listed`);
    let left = Math.min(missing, limit.missing);
    for (let number = 1; left > 0 && !this.budget.spent; number += 1) {
      if (this.numbers.has(number)) continue;
      this.addMissing(`case ${number}`, number);
      left -= 1;
    }
  }

  private addMissing(name: string, number?: number): void {
    const numbered = number === undefined ? {} : { number };
    this.add({ name, ...numbered, status: 'MISS', diagnostics: [], cases: [] });
  }

  private add(one: OpenCase): void {
    this.budget.cases += 1;
    if (this.budget.cases < limit.cases) {
      this.cases.push(one);
      this.remember(one);
    } else if (this.budget.cases === limit.cases) {
      const reason = `more than ${limit.cases} results: the rest was not read`;
      this.cases.push({
        name: 'too many results',
        status: 'ERROR',
        reason,
        diagnostics: [],
        cases: [],
      });
      this.budget.note(reason);
    }
  }

  private remember(one: OpenCase): void {
    if (one.number !== undefined) this.numbers.set(one.number, one);
  }

  private takeDiagnostics(more: readonly string[]): readonly string[] {
    const own = this.diagnostics;
    if (own.length === 0) return more;
    this.diagnostics = [];
    return more.length === 0 ? own : [...own, ...more].slice(0, limit.diagnosticsPerCase);
  }
}

/** ksft_test_result_skip() and its like print the name behind the directive: `ok 3 # SKIP name`. */
export function nameOf(line: ResultLine): string | undefined {
  if (line.name !== '') return line.name;
  return line.directive !== undefined && line.text !== '' ? line.text : undefined;
}

/** The same text in memory of its own: part of a string keeps the whole alive, here all that was read of a log. */
const detached = (text: string): string => ` ${text}`.slice(1);

/** Gives every case the names of its parents. */
export function withPaths(cases: readonly OpenCase[], path: readonly string[] = []): KtapCase[] {
  // In place: a log may hold 100,000 cases, and copies of them cost more than the reading.
  return cases.map((one) =>
    Object.assign(one, {
      path,
      cases: one.cases.length === 0 ? noCases : withPaths(one.cases, [...path, one.name]),
    }),
  );
}

const noCases: readonly never[] = [];
