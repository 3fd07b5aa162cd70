// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { JobError } from '../model/errors.js';
import { readInputIfThere } from '../system/input.js';
import { run, type RunOutput } from '../system/processes.js';
import { noCommitError } from './git-ref.js';
import { git } from './git.js';

/** A commit that was or will be tested. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
}

/** How a bisection ended. */
export type BisectEnd =
  | { readonly kind: 'found'; readonly first: Commit; readonly parent: Commit | undefined }
  /** Everything between the ends was skipped: one of these it is. */
  | { readonly kind: 'skipped'; readonly among: readonly Commit[] };

/** Which end a commit is like, in git's own words. */
export type Side = 'old' | 'new' | 'skip';

// What broke something and what mended it are looked for in the same way.
const terms = ['--term-old=old', '--term-new=new'];

/** git's exit codes for "continue" and for "only skipped commits are left". */
const okCodes = [0, 1, 2, 3, 4, 128];
/** git's exit code for ends that do not follow each other, where the commit before both is as the newer one. */
const forkIsNew = 3;

/**
 * `git bisect` in a bare repository of its own, which borrows the objects of the user's: the
 * user's work tree, index and refs are only read. Its state is on the disk after every step.
 */
export class GitBisect {
  /** @param dir of the private repository */
  constructor(private readonly dir: string) {}

  /** Makes the private repository and begins. Throws JobError when git finds no way between the ends. */
  async start(tree: string, older: Commit, newer: Commit, signal: AbortSignal): Promise<void> {
    await run(['git', 'init', '--quiet', '--bare', this.dir], { stage: 'bisect', signal });
    const objects = await gitPath(tree, 'objects', signal);
    await mkdir(join(this.dir, 'objects', 'info'), { recursive: true });
    await writeFile(join(this.dir, 'objects', 'info', 'alternates'), `${objects}\n`);
    // Where the user's history ends, this one does too.
    const shallow = await shallowOf(await gitPath(tree, 'shallow', signal));
    if (shallow !== undefined) await writeFile(join(this.dir, 'shallow'), shallow);
    await this.git(['update-ref', '--no-deref', 'HEAD', newer.id], signal);
    const { exitCode, stdout, stderr } = await this.git(
      ['bisect', 'start', '--no-checkout', ...terms, newer.id, older.id, '--'],
      signal,
    );
    if (exitCode !== 0) throw new JobError([{ message: `git bisect: ${stderr || stdout}`.trim() }]);
  }

  /** The commits that the bisection was begun with. */
  async ends(signal: AbortSignal): Promise<{ readonly older: Commit; readonly newer: Commit }> {
    const { stdout } = await this.git(['bisect', 'log'], signal);
    const id = (kind: string): string =>
      new RegExp(`^# ${kind}: \\[([0-9a-f]+)\\]`, 'm').exec(stdout)?.[1] ?? '';
    return {
      older: await commitOf(this.dir, id('old'), signal),
      newer: await commitOf(this.dir, id('new'), signal),
    };
  }

  /** The commit to test next; undefined at the end. */
  async next(signal: AbortSignal): Promise<Commit | undefined> {
    if ((await this.end(signal)) !== undefined) return undefined;
    return commitOf(this.dir, 'BISECT_HEAD', signal);
  }

  /** Tells git which end a commit is like; gives its word on how much is left. Throws JobError. */
  async mark(commit: Commit, side: Side, signal: AbortSignal): Promise<string> {
    const { exitCode, stdout, stderr } = await this.git(['bisect', side, commit.id], signal);
    if (exitCode === forkIsNew) {
      const message = `${commit.id.slice(0, 12)}, where the histories of the two ends part, is as the newer end already`;
      throw new JobError([
        { message, hint: `take ${commit.id.slice(0, 12)} in place of that end` },
      ]);
    }
    // 2: only skipped commits are left; end() says which.
    if (exitCode !== 0 && exitCode !== 2) {
      throw new JobError([{ message: `git bisect: ${(stderr || stdout).trim()}` }]);
    }
    return /^Bisecting: (.*)$/m.exec(stdout)?.[1] ?? '';
  }

  /** How it ended; undefined if it has not ended. */
  async end(signal: AbortSignal): Promise<BisectEnd | undefined> {
    const { stdout } = await this.git(['bisect', 'log'], signal);
    const first = /^# first new commit: \[([0-9a-f]+)\]/m.exec(stdout)?.[1];
    if (first !== undefined) {
      const commit = await commitOf(this.dir, first, signal);
      const parent = await commitOf(this.dir, `${first}^`, signal).catch(() => undefined);
      return { kind: 'found', first: commit, parent };
    }
    const among = [...stdout.matchAll(/^# possible first new commit: \[([0-9a-f]+)\]/gm)];
    if (among.length === 0) return undefined;
    const commits = among.map((match) => commitOf(this.dir, match[1] ?? '', signal));
    return { kind: 'skipped', among: await Promise.all(commits) };
  }

  /** Author, date, message and files of a commit, as git shows them. */
  async describe(commit: Commit, signal: AbortSignal): Promise<string> {
    const argv = ['show', '--stat=72', '--no-color', '--format=medium', commit.id];
    return (await this.git(argv, signal)).stdout.trimEnd();
  }

  private git(args: readonly string[], signal: AbortSignal): Promise<RunOutput> {
    return git(this.dir, args, { stage: 'bisect', signal, okCodes, writes: [this.dir] });
  }
}

/** The commit that a ref of a repository names. Throws JobError. */
export async function commitOf(
  repository: string,
  ref: string,
  signal: AbortSignal,
): Promise<Commit> {
  const format = '--format=%H %s';
  const args = ['log', '-1', '--no-color', format, `${ref}^{commit}`, '--'];
  const { exitCode, stdout, stderr } = await git(repository, args, {
    stage: 'bisect',
    signal,
    okCodes,
  });
  if (/not a git repository/.test(stderr)) {
    const hint = 'a branch, tag or commit of a git repository is needed';
    throw new JobError([{ message: `${repository}: not a git repository`, hint }]);
  }
  if (exitCode !== 0) throw await noCommitError(repository, ref, signal);
  const [, id = '', subject = ''] = /^(\w+) (.*)$/m.exec(stdout) ?? [];
  return { id, subject };
}

/** Two commits, the one that the other follows first; as given where neither follows the other. */
export async function inOrder(
  tree: string,
  one: Commit,
  other: Commit,
  signal: AbortSignal,
): Promise<readonly [older: Commit, newer: Commit]> {
  const args = ['merge-base', '--is-ancestor', other.id, one.id];
  const { exitCode } = await git(tree, args, { stage: 'bisect', signal, okCodes: [0, 1, 128] });
  return exitCode === 0 ? [other, one] : [one, other];
}

/** No history has as many ends, bytes. */
const mostShallowBytes = 16 * 1024 ** 2;

/** git's list of the commits at which a history ends. Throws JobError for any other text: git would print it. */
async function shallowOf(path: string): Promise<string | undefined> {
  const text = await readInputIfThere(path, mostShallowBytes, false);
  if (text === undefined || /^(?:[0-9a-f]{40,64}\n)*$/.test(text)) return text;
  throw new JobError([{ message: `${path}: refused: not a list of commits` }]);
}

async function gitPath(tree: string, name: string, signal: AbortSignal): Promise<string> {
  const args = ['rev-parse', '--git-path', name];
  const { stdout } = await git(tree, args, { stage: 'bisect', signal });
  return resolve(tree, stdout.trim());
}
