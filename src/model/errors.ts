// SPDX-License-Identifier: MIT

/** Exit codes of the command line (docs/decisions.md, "exit codes"). */
export const exitCode = {
  ok: 0,
  unexpected: 1,
  nothingRan: 4,
  usage: 64,
  badJob: 65,
  infrastructure: 69,
  internal: 70,
  interrupted: 130,
} as const;

/** The command line was wrong; the message says what to type instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A place in a file that the user wrote; line and column count from 1. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One mistake in a user's input. `excerpt` is the offending line, `hint` what to do instead. */
export interface Problem {
  readonly message: string;
  readonly at?: Position;
  readonly excerpt?: string;
  readonly hint?: string;
}

/** The user's input (job matrix, patch series, kernel tree) cannot be used. Carries every problem found, not just the first. */
export class JobError extends Error {
  override readonly name = 'JobError';
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
  }
}

/** The machine busyguest runs on, or the lab, failed: nothing is known about the kernel. */
export class InfraError extends Error {
  override readonly name = 'InfraError';
  /**
   * @param stage what was being done ("build", "boot", "fetch")
   * @param message what went wrong, one line
   * @param todo what the user can do about it, one line
   * @param logTail last lines of the log that shows it
   */
  constructor(
    readonly stage: string,
    message: string,
    readonly todo?: string,
    readonly logTail: readonly string[] = [],
  ) {
    super(message);
  }

  /** What went wrong and what to do, in one line. */
  get advice(): string {
    return this.todo === undefined ? this.message : `${this.message}; ${this.todo}`;
  }

  /** All of it, as the reason of a job: the log's lines come below. */
  get reason(): string {
    return `${this.stage}: ${this.advice}${below(this.logTail, '    ')}`;
  }

  /** All of it, for the end of a command: what to do stands in a line of its own. */
  get report(): string {
    const todo = this.todo === undefined ? [] : [this.todo];
    const head = `${this.stage}: ${this.message}${below(todo, '  what to do: ')}`;
    return `${head}${below(this.logTail, '  | ')}`;
  }
}

/** An error's text for the end of a command: of one of ours all of it. */
export const reportOf = (error: unknown): string =>
  error instanceof InfraError ? error.report : (error as Error).message;

/** The same in one line. */
export const adviceOf = (error: unknown): string =>
  error instanceof InfraError ? error.advice : (error as Error).message;

const below = (lines: readonly string[], mark: string): string =>
  lines.map((line) => `\n${mark}${line}`).join('');

/** The user (or CI) asked to stop. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** `file:line:column: message; hint`, with the offending line and a caret below it. */
export function formatProblem(problem: Problem): string {
  const { at, message, hint, excerpt } = problem;
  const place = at ? `${at.file}:${at.line}:${at.column}: ` : '';
  const head = `${place}${message}${hint ? `; ${hint}` : ''}`;
  if (excerpt === undefined || !at) return head;
  // Tabs keep their place so that the caret stands under the right character.
  const pad = excerpt.slice(0, at.column - 1).replace(/[^\t]/g, ' ');
  return `${head}\n    ${excerpt}\n    ${pad}^`;
}
