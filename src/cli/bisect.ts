// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { bisectStep } from '../jobs/generators/bisect-step.js';
import { commitOf, GitBisect, type Commit } from '../kernels/git-bisect.js';
import { UsageError } from '../model/errors.js';
import { bisect as runBisect, name, type BisectAnswer } from '../pipeline/bisect.js';
import { makeRunDir } from '../pipeline/run.js';
import { runLock } from '../pipeline/run-folder.js';
import { exists, writeWhole } from '../system/files.js';
import { withLock } from '../system/lock.js';
import { bisectExitCode } from '../verdict/bisect-outcome.js';
import { checkDevices, testCommit } from './commit-test.js';
import { interruptible } from './signals.js';

interface Options {
  readonly tree: string;
  readonly good?: string;
  readonly bad?: string;
  readonly device: string;
  readonly results: string;
  readonly resume?: string;
  readonly quiet: boolean;
}

/** bisect.json: what --resume needs beside git's own state. */
interface BisectRecord {
  readonly tree: string;
  readonly good: Commit;
  readonly bad: Commit;
  readonly device: string;
  readonly startedAt: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `busyguest bisect`: the first commit that breaks the limit. 0: found and proven; 1: not. */
export async function bisect(options: Options): Promise<number> {
  return interruptible(async (signal) => {
    const dir = options.resume === undefined ? await begin(options, signal) : options.resume;
    const record = await readRecord(dir);
    const git = new GitBisect(join(dir, 'repository.git'));
    const waiting = (pid: number): void => say(`process ${pid} goes on with it; waiting`);
    return withLock(runLock(dir), signal, waiting, async () => {
      if (!(await exists(join(dir, 'repository.git', 'BISECT_LOG')))) {
        await git.start(record.tree, record.good, record.bad, signal);
      }
      say(`good: ${name(record.good)}\nbad:  ${name(record.bad)}\nresults: ${dir}`);
      const test = (commit: Commit) => testStep(dir, record, commit, options.quiet, signal);
      const answer = await runBisect(git, test, say, signal);
      return show(answer, git, dir, signal);
    });
  });
}

/** `busyguest bisect-step`: one commit, with the exit codes of a script for `git bisect run`. */
export async function step(options: {
  readonly tree: string;
  readonly ref: string;
  readonly device: string;
  readonly results: string;
  readonly quiet: boolean;
}): Promise<number> {
  await checkDevices([options.device]);
  return interruptible(async (signal) => {
    const commit = await commitOf(resolve(options.tree), options.ref, signal);
    const dir = await makeRunDir(
      options.results,
      `bisect-step-${commit.id.slice(0, 12)}`,
      new Date(),
    );
    const record = { tree: resolve(options.tree), device: options.device };
    const result = await testStep(dir, record, commit, options.quiet, signal);
    say(`${name(commit)}: ${result.outcome}: ${result.text}`);
    return bisectExitCode[result.outcome];
  });
}

function testStep(
  dir: string,
  { tree, device }: Pick<BisectRecord, 'tree' | 'device'>,
  commit: Commit,
  quiet: boolean,
  signal: AbortSignal,
) {
  const matrix = bisectStep({ source: `${tree}#${commit.id}`, device });
  return testCommit(matrix, join(dir, commit.id.slice(0, 12)), quiet, signal);
}

async function begin(options: Options, signal: AbortSignal): Promise<string> {
  const { good, bad, device } = options;
  if (good === undefined || bad === undefined) {
    throw new UsageError('bisect: --good REF and --bad REF are needed, or --resume DIR');
  }
  const tree = resolve(options.tree);
  const record: BisectRecord = {
    tree,
    good: await commitOf(tree, good, signal),
    bad: await commitOf(tree, bad, signal),
    device,
    startedAt: new Date().toISOString(),
  };
  if (record.good.id === record.bad.id) {
    throw new UsageError(`--good ${good} and --bad ${bad} are the same commit`);
  }
  await checkDevices([device]);
  const dir = await makeRunDir(options.results, 'bisect', new Date());
  await writeWhole(join(dir, 'bisect.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  return dir;
}

async function readRecord(dir: string): Promise<BisectRecord> {
  const text = await readFile(join(dir, 'bisect.json'), 'utf8').catch(() => {
    throw new UsageError(`--resume ${dir}: bisect.json is missing; it is no bisection's folder`);
  });
  return JSON.parse(text) as BisectRecord;
}

async function show(
  { end, evidence, proven }: BisectAnswer,
  git: GitBisect,
  dir: string,
  signal: AbortSignal,
): Promise<number> {
  if (end.kind === 'skipped') {
    say('\nonly skipped commits are left; the first bad commit is one of:');
    for (const commit of end.among) say(`  ${name(commit)}`);
    return 1;
  }
  say(`\nfirst bad commit: ${end.first.id}\n\n${await git.describe(end.first, signal)}\n`);
  for (const { candidate, result } of evidence) {
    say(`${name(candidate)}: ${result.outcome}: ${result.text}`);
    say(`  ${join(dir, candidate.id.slice(0, 12))}`);
  }
  if (proven) return 0;
  say('\nnot proven: that commit should be bad and the one before it good;');
  say('was --good really good, and --bad bad?');
  return 1;
}
