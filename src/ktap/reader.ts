// SPDX-License-Identifier: MIT
import { Budget, Level, nameOf, withPaths, type KtapCase, type OpenCase } from './case-tree.js';
import { classify, type KtapLine, type ResultLine, type TornNot } from './line-type.js';
import { nameLevel, sameName, selftestHeader, type ParentName } from './parent-name.js';
import { outcomeOf, withoutTests } from './result-status.js';
import { YamlBlocks } from './yaml-block.js';

export type { KtapCase } from './case-tree.js';

/** What a log says, read as KTAP. */
export interface KtapDocument {
  /** Outermost cases; what the plans promised and never came is among them as MISS. */
  readonly cases: KtapCase[];
  /** Sum of the outermost plans. */
  readonly plan?: number;
  /** Reason of an outermost `1..0 # SKIP reason`. */
  readonly skipAll?: string;
  /** Reason of an outermost `Bail out!`. */
  readonly bailOut?: string;
  /** Lines that are not KTAP. They are not kept. */
  readonly noiseLines: number;
  /** What is wrong with the log itself; a bounded number. */
  readonly problems: string[];
}

export interface KtapOptions {
  /** Outermost cases that must be reported; the others are MISS by name. */
  readonly expected?: readonly string[];
}

/** `terminated: false` marks a line that the log ends within (or that was split for its length). */
export interface FeedOptions {
  readonly terminated?: boolean;
}

/** What a closed level leaves for the result line that ends it. */
interface Leftover {
  readonly cases: readonly OpenCase[];
  readonly diagnostics: readonly string[];
  /** Name that the level's header gave its parent. */
  readonly parent?: string | undefined;
  readonly skipAll?: string | undefined;
  /** It said that subtests follow, and none did. */
  readonly isEmptyTest?: boolean;
}

const nothing: Leftover = { cases: [], diagnostics: [] };

/**
 * Reads a log line by line and keeps only results. Takes the three ways to nest (indentation, the kselftest
 * runner's `# `, KUnit's `# Subtest:`), mixed with any other output. Never throws. Memory grows with the number
 * of results, up to a bound, and not with the length of the log.
 */
export class KtapReader {
  private readonly budget = new Budget();
  private readonly root = new Level(-1, this.budget);
  /** Open levels, outermost first; columns grow strictly. */
  private readonly stack: Level[] = [this.root];
  private parentName: ParentName | undefined;
  private tornNot: TornNot = 'no';
  private noiseLines = 0;
  private skipAll: string | undefined;
  private bailOut: string | undefined;
  private readonly yaml = new YamlBlocks();

  constructor(private readonly options: KtapOptions = {}) {}

  /** Whether there are more results than are kept: nothing of what follows is read. */
  get isFull(): boolean {
    return this.budget.spent;
  }

  /** Takes one line without its newline. */
  feed(text: string, { terminated = true }: FeedOptions = {}): void {
    if (this.isFull) return;
    const { isTaken, remark } = this.yaml.take(text);
    if (remark !== undefined) this.top().addRemark(remark);
    if (isTaken) return;
    const line = classify(text);
    this.yaml.saw(line.kind === 'result' ? line.column : undefined);
    if (line.kind === 'noise') this.noiseLines += 1;
    else this.take(line, terminated);
    const isNew = line.kind === 'noise' && line.tornNot !== 'no';
    // Any number of kernel messages may come between "not " and "ok".
    if (isNew) this.tornNot = line.tornNot;
    else if (line.kind === 'result' || this.tornNot !== 'lone') this.tornNot = 'no';
  }

  /** Ends the log. Call once. */
  end(): KtapDocument {
    this.loseParentName();
    const outermost = this.stack[1];
    if (outermost) {
      this.closeTo(outermost.column);
      const seen = new Set(this.root.cases.map((one) => one.name));
      this.closeTop(this.options.expected?.filter((name) => !seen.has(name)));
    }
    this.root.endBlock(this.options.expected);
    return {
      cases: withPaths(this.root.cases),
      ...(this.root.plan === undefined ? {} : { plan: this.root.plan }),
      ...(this.skipAll === undefined ? {} : { skipAll: this.skipAll }),
      ...(this.bailOut === undefined ? {} : { bailOut: this.bailOut }),
      noiseLines: this.noiseLines,
      problems: this.budget.problems,
    };
  }

  private take(line: Exclude<KtapLine, { kind: 'noise' }>, terminated: boolean): void {
    switch (line.kind) {
      case 'diagnostic':
        this.takeDiagnostic(line.text, line.column);
        break;
      case 'subtest':
        this.takeSubtest(line.name, line.column);
        break;
      case 'version':
        this.takeVersion(line.column);
        break;
      case 'plan':
        if (terminated) this.takePlan(line.count, line.column, line.skipAll);
        break;
      case 'result':
        this.takeResult(line, terminated);
        break;
      case 'bail-out':
        if (this.isOutermost(line.column)) this.bailOut ??= line.reason;
        else this.top().addDiagnostic(`Bail out! ${line.reason}`);
    }
  }

  private takeDiagnostic(text: string, column: number): void {
    if (!selftestHeader.test(text)) {
      const begins = this.stack.length > 1 && (this.parentName?.column ?? Infinity) <= column;
      (begins ? this.levelAt(column) : this.top()).addDiagnostic(text);
      return;
    }
    this.loseParentName();
    this.closeTo(column);
    this.parentName = { name: text, column: column + 1, hasSubtests: false };
  }

  /** KUnit prints the parent's name at the subtests' column, after their version line; TAP 14 further out. */
  private takeSubtest(name: string, column: number): void {
    this.loseParentName();
    this.closeTo(column);
    const level = this.top();
    const isNested = level.column === column && this.stack.length > 2;
    if (isNested && level.namedInside) this.closeTop();
    const header = { name, column, hasSubtests: true };
    if (isNested && level.isFresh) nameLevel(level, header);
    else this.parentName = header;
  }

  private takeVersion(column: number): void {
    if (this.levelAt(column).cases.length > 0) {
      if (this.top().namedInside) this.closeTop();
      else this.top().beginBlock();
    }
    this.levelAt(column).hasHeader = true;
  }

  private takePlan(count: number, column: number, skipAll: string | undefined): void {
    if (skipAll !== undefined && this.isOutermost(column)) this.skipAll ??= skipAll;
    const level = this.levelAt(column);
    level.setPlan(count);
    level.skipAll ??= skipAll;
  }

  private takeResult(line: ResultLine, terminated: boolean): void {
    // Without a number, `ok ...` is a result only where results are due: prose begins like that, too.
    const bare = line.ok && line.name === '' && line.directive === undefined;
    if (line.number === undefined && (bare || !this.isOpen(line.column))) {
      this.noiseLines += 1;
      return;
    }
    const subtests = this.closeUnder(line);
    const level = this.levelAt(line.column);
    const claimed = subtests.parent === undefined ? this.claimParentName(line, level) : undefined;
    const header = subtests.parent ?? claimed?.name;
    // A last line without newline is whole if it repeats the name that its header gave.
    const whole = terminated || (header !== undefined && header === nameOf(line));
    const torn = line.torn || (this.tornNot !== 'no' && line.ok);
    const said = outcomeOf(line, torn, whole);
    // kselftest's runner only says SKIP; why stands in the test's own plan.
    const why = said.status === 'SKIP' && said.reason === undefined ? subtests.skipAll : undefined;
    const own = why === undefined ? said : { ...said, reason: why };
    const isEmpty = subtests.isEmptyTest === true || claimed?.hasSubtests === true;
    level.addResult(line, isEmpty ? withoutTests(own) : own, subtests.cases, subtests.diagnostics);
  }

  /** Closes the levels under a result line. They are its subtests, unless their header names another test. */
  private closeUnder(line: ResultLine): Leftover {
    while ((this.stack.at(-2) ?? this.root).column > line.column) this.closeTop();
    const level = this.top();
    if (level.column <= line.column) return nothing;
    if (!line.torn && !sameName(level.parent, nameOf(line))) {
      this.closeTop();
      return nothing;
    }
    this.stack.pop();
    level.endBlock();
    return level;
  }

  /** The header of a test that printed no results of its own. One that names another test was lost. */
  private claimParentName(line: ResultLine, level: Level): ParentName | undefined {
    const header = this.parentName;
    if (!header || header.column < line.column) return undefined;
    this.parentName = undefined;
    if (sameName(header.name, nameOf(line))) return header;
    if (header.column > line.column) level.addLost(header.name, [], []);
    return undefined;
  }

  /** Another header, or the end, comes before the result of a test that has printed nothing. */
  private loseParentName(): void {
    const header = this.parentName;
    if (!header) return;
    this.closeTo(header.column - 1);
    this.top().addLost(header.name, [], []);
    this.parentName = undefined;
  }

  /** Closes every level deeper than `column`; their result line did not come. */
  private closeTo(column: number): void {
    while (this.top().column > column) this.closeTop();
  }

  private closeTop(expected?: readonly string[]): void {
    const level = this.stack.pop();
    if (!level) return;
    level.endBlock(expected);
    const outer = this.top();
    const isTest = level.hasHeader && outer !== this.root && level.cases.length > 0;
    if (level.parent !== undefined || isTest) {
      outer.addLost(level.parent, level.cases, level.diagnostics);
      return;
    }
    outer.adopt(level.cases);
    if (outer === this.root && level.plan !== undefined)
      outer.plan = (outer.plan ?? 0) + level.plan;
  }

  /** The level at a column, opened if need be; deeper ones are closed. */
  private levelAt(column: number): Level {
    this.closeTo(column);
    if (this.top().column === column) return this.top();
    const level = new Level(column, this.budget, this.stack.length > 1);
    // What came before the outermost version line or result belongs to the first case.
    if (this.stack.length === 1) level.diagnostics = this.root.diagnostics.splice(0);
    const header = this.parentName;
    if (header && header.column <= column) {
      nameLevel(level, header);
      this.parentName = undefined;
    }
    this.stack.push(level);
    return level;
  }

  private isOpen(column: number): boolean {
    if (this.parentName && this.parentName.column <= column) return true;
    return this.stack.some((one) => one.column === column && (one.hasHeader || one.hasNumbers));
  }

  private isOutermost(column: number): boolean {
    return (this.stack[1]?.column ?? column) >= column;
  }

  private top(): Level {
    return this.stack.at(-1) ?? this.root;
  }
}

/** Reads a whole log. `terminated: false`: its last line has no newline. */
export function readKtap(
  lines: Iterable<string>,
  options: KtapOptions & FeedOptions = {},
): KtapDocument {
  const reader = new KtapReader(options);
  let held: string | undefined;
  for (const line of lines) {
    if (held !== undefined) reader.feed(held);
    held = line;
  }
  if (held !== undefined) reader.feed(held, { terminated: options.terminated ?? true });
  return reader.end();
}
