// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { z } from 'zod';
import { bisectStep } from '../jobs/generators/bisect-step.js';
import type { MatrixInput } from '../jobs/generators/generator.js';
import { GitBisect, inOrder } from '../kernels/git-bisect.js';
import { name, type Candidate, type Candidates, type Sought } from '../pipeline/bisect.js';
import { PackageBisection } from '../pipeline/package-bisection.js';
import { readRun } from '../pipeline/run-folder.js';
import { exists } from '../system/files.js';
import { readJsonIfThere } from '../system/input.js';
import { quoteWords } from '../system/shell-words.js';

/** The most of a bisect.json that is read, bytes. */
const mostBytes = 16 * 1024 ** 2;

const common = { device: z.string(), startedAt: z.string() };
// An id becomes an argument of git.
const commit = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{40,64}$/),
  subject: z.string(),
});
const record = z.union([
  z.strictObject({ ...common, tree: z.string(), good: commit, bad: commit }),
  z.strictObject({
    ...common,
    /** Oldest first; a name of an archive, or files with commas between them. */
    packages: z.array(z.string().min(1)).min(2).readonly(),
  }),
]);

/** bisect.json: what --resume needs beside the state of git, or of the packages. */
export type BisectRecord = z.infer<typeof record>;

/** bisect.json of anybody; undefined where it is not there. Throws JobError. */
export const readBisectRecord = (file: string): Promise<BisectRecord | undefined> =>
  readJsonIfThere(file, record, mostBytes);

/** What a bisection goes over, and how one of it is tested and shown. */
export interface Bisection {
  readonly candidates: Candidates;
  readonly title: string;
  /** "commit" or "package". */
  readonly noun: string;
  /** What the user looks for, by which end is called good; packages have no such names. */
  readonly expected: Sought;
  matrixOf(candidate: Candidate): MatrixInput;
  describe(candidate: Candidate, signal: AbortSignal): Promise<string>;
}

/** Begins a bisection, or goes on with one. Throws JobError when its ends do not fit together. */
export async function openBisection(
  dir: string,
  record: BisectRecord,
  signal: AbortSignal,
): Promise<Bisection> {
  const { device } = record;
  if ('packages' in record) {
    const { packages } = record;
    return {
      candidates: new PackageBisection(dir, packages, turned(packages, device)),
      title: titleOf(packages[0] ?? '', packages.at(-1) ?? ''),
      noun: 'package',
      expected: 'bad',
      matrixOf: ({ id }) => bisectStep({ package: id.split(','), device }),
      describe: (candidate) => describePackage(join(dir, stepFolder(candidate))),
    };
  }
  const { tree, good, bad } = record;
  const repository = join(dir, 'repository.git');
  const git = new GitBisect(repository);
  if (!(await exists(join(repository, 'BISECT_LOG')))) {
    await git.start(tree, ...(await inOrder(tree, good, bad, signal)), signal);
  }
  const { older, newer } = await git.ends(signal);
  return {
    candidates: git,
    title: titleOf(name(older), name(newer)),
    noun: 'commit',
    expected: newer.id === bad.id ? 'bad' : 'good',
    matrixOf: ({ id }) => bisectStep({ source: `${tree}#${id}`, device }),
    describe: async (commit, stop) => `\n${await git.describe(commit, stop)}\n`,
  };
}

const titleOf = (older: string, newer: string): string => `older: ${older}\nnewer: ${newer}`;

function turned(packages: readonly string[], device: string): string {
  const row = [...packages].reverse();
  return quoteWords(['busyguest', 'bisect', '--packages', ...row, '--device', device]);
}

/** Which version a name stood for when it was tested. */
async function describePackage(folder: string): Promise<string> {
  const { facts = {} } = (await readRun(folder)).jobs[0] ?? {};
  const source = facts['kernel_source'] ?? facts['kernel_packages'] ?? '';
  return `\n    ${source}\n    kernel ${facts['kernel_release'] ?? 'unknown'}\n`;
}

/** The folder of a step below the bisection's: what is short and unique of a commit or a package. */
export function stepFolder({ id }: Candidate): string {
  if (/^[0-9a-f]{40}$/.test(id)) return id.slice(0, 12);
  const first = basename(id.split(',')[0] ?? id).replace(/^debian:/, '');
  return first.replace(/[^\w.+-]+/g, '-');
}
