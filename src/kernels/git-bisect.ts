// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { JobError } from '../model/errors.js';
import { readInputIfThere } from '../system/input.js';
import { run, type RunOutput } from '../system/processes.js';
import { git } from './git.js';

/** A commit that is to be tested, or was. */
export interface Commit {
  readonly id: string;
  readonly subject: string;
}

/** How a bisection ended. */
export type BisectEnd =
  | { readonly kind: 'found'; readonly first: Commit; readonly parent: Commit | undefined }
  /** Everything between good and bad was skipped: one of these it is. */
  | { readonly kind: 'skipped'; readonly among: readonly Commit[] };

const shown = ({ id, subject }: Commit): string => `${id.slice(0, 12)} "${subject}"`;

/** git's exit codes for "go on" and for "only skipped commits are left". */
const okCodes = [0, 1, 2, 3, 4, 128];

/**
 * `git bisect` in a bare repository of its own, which borrows the objects of the user's: the
 * user's work tree, index and refs are only read. Its state is on the disk after every step.
 */
export class GitBisect {
  /** @param dir of the private repository */
  constructor(private readonly dir: string) {}

  /** Makes the private repository and begins. Throws JobError when good and bad do not fit together. */
  async start(tree: string, good: Commit, bad: Commit, signal: AbortSignal): Promise<void> {
    const older = ['merge-base', '--is-ancestor', bad.id, good.id];
    const turned = await git(tree, older, { stage: 'bisect', signal, okCodes: [0, 1, 128] });
    if (turned.exitCode === 0 && bad.id !== good.id) {
      const hint =
        'bisect looks for the commit between an older good one and a newer bad one; swap them?';
      throw new JobError([
        { message: `bad (${shown(bad)}) is older than good (${shown(good)})`, hint },
      ]);
    }
    await run(['git', 'init', '--quiet', '--bare', this.dir], { stage: 'bisect', signal });
    const objects = await gitPath(tree, 'objects', signal);
    await mkdir(join(this.dir, 'objects', 'info'), { recursive: true });
    await writeFile(join(this.dir, 'objects', 'info', 'alternates'), `${objects}\n`);
    // Where the user's history ends, this one does too.
    const shallow = await shallowOf(await gitPath(tree, 'shallow', signal));
    if (shallow !== undefined) await writeFile(join(this.dir, 'shallow'), shallow);
    await this.git(['update-ref', '--no-deref', 'HEAD', bad.id], signal);
    const { exitCode, stdout, stderr } = await this.git(
      ['bisect', 'start', '--no-checkout', bad.id, good.id, '--'],
      signal,
    );
    if (exitCode !== 0) throw new JobError([{ message: `git bisect: ${stderr || stdout}`.trim() }]);
  }

  /** The commits that the bisection was begun with. */
  async ends(signal: AbortSignal): Promise<{ readonly good: Commit; readonly bad: Commit }> {
    const { stdout } = await this.git(['bisect', 'log'], signal);
    const id = (kind: string): string =>
      new RegExp(`^# ${kind}: \\[([0-9a-f]+)\\]`, 'm').exec(stdout)?.[1] ?? '';
    return {
      good: await commitOf(this.dir, id('good'), signal),
      bad: await commitOf(this.dir, id('bad'), signal),
    };
  }

  /** The commit to test next; undefined at the end. */
  async next(signal: AbortSignal): Promise<Commit | undefined> {
    if ((await this.end(signal)) !== undefined) return undefined;
    return commitOf(this.dir, 'BISECT_HEAD', signal);
  }

  /** Tells git what a commit is; gives its word on how much is left. Throws JobError. */
  async mark(
    commit: Commit,
    outcome: 'good' | 'bad' | 'skip',
    signal: AbortSignal,
  ): Promise<string> {
    const { exitCode, stdout, stderr } = await this.git(['bisect', outcome, commit.id], signal);
    // 2: only skipped commits are left; end() says which.
    if (exitCode !== 0 && exitCode !== 2) {
      throw new JobError([{ message: `git bisect: ${(stderr || stdout).trim()}` }]);
    }
    return /^Bisecting: (.*)$/m.exec(stdout)?.[1] ?? '';
  }

  /** How it ended, or undefined while it goes on. */
  async end(signal: AbortSignal): Promise<BisectEnd | undefined> {
    const { stdout } = await this.git(['bisect', 'log'], signal);
    const first = /^# first bad commit: \[([0-9a-f]+)\]/m.exec(stdout)?.[1];
    if (first !== undefined) {
      const commit = await commitOf(this.dir, first, signal);
      const parent = await commitOf(this.dir, `${first}^`, signal).catch(() => undefined);
      return { kind: 'found', first: commit, parent };
    }
    const among = [...stdout.matchAll(/^# possible first bad commit: \[([0-9a-f]+)\]/gm)];
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
  if (exitCode !== 0) {
    const hint = 'a branch, tag or commit of a git repository is needed';
    const why = /not a git repository/.test(stderr) ? 'not a git repository' : `no commit "${ref}"`;
    throw new JobError([{ message: `${repository}: ${why}`, hint }]);
  }
  const [, id = '', subject = ''] = /^(\w+) (.*)$/m.exec(stdout) ?? [];
  return { id, subject };
}

/** No history has as many ends, bytes. */
const mostShallowBytes = 16 * 1024 ** 2;

/** What git keeps of where a history ends. Throws JobError for anything else: git would print what it does not know. */
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
