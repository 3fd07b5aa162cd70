// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { linearPattern } from '../documents/pattern.js';
import type { Pattern } from '../model/job.js';
import type { JobResult } from '../model/result.js';
import { readEnd } from '../system/files.js';
import { parseJson, readInput } from '../system/input.js';
import { plainPath } from '../system/plain-folder.js';

/** A fault that the job matrix lists, with its reason, as job.json has it. */
export interface NamedIssue {
  /** Regular expression on a fault's title. */
  readonly title: Pattern;
  readonly reason: string;
}

/** What KCIDB takes from a job's folder beside its result. */
export interface KcidbSource {
  readonly issues: readonly NamedIssue[];
  /** The ends of the logs, as they came; empty where there are none. */
  readonly consoleTail: string;
  readonly buildTail: string;
  /** Names of the files that others may want to look at, as far as they are there. */
  readonly files: readonly string[];
  /** Names of the patches of its kernel, in order. */
  readonly patches: readonly string[];
}

export const noSource: KcidbSource = {
  issues: [],
  consoleTail: '',
  buildTail: '',
  files: [],
  patches: [],
};

// KCIDB takes 16384 characters of an excerpt.
const tailBytes = 16 * 1024;
/** The most of a job.json that is read. */
const mostJobBytes = 4 * 1024 ** 2;

/** What a job's folder may have for readers of a report (docs/results.md). */
const publicFiles = [
  'console.log',
  'ktap.txt',
  'samples.json',
  'status.json',
  'job.json',
  'boot.json',
  'build.log',
  'config',
  'firmware.log',
];

async function filesOf(dir: string, name: string): Promise<Pick<KcidbSource, 'files' | 'patches'>> {
  const folder = await plainPath(dir, name);
  const there = folder === undefined ? [] : await readdir(folder).catch(() => []);
  return {
    files: publicFiles.filter((file) => there.includes(file)),
    patches: there.filter((file) => /^patch-\d+\.patch$/.test(file)).sort(),
  };
}

async function tailOf(dir: string, ...names: readonly string[]): Promise<string> {
  const path = await plainPath(dir, ...names);
  const end = path === undefined ? path : await readEnd(path, tailBytes).catch(() => undefined);
  return end?.text ?? '';
}

/** Known faults of job.json: `title` is the source of a regular expression. */
export function issuesOf(job: unknown): readonly NamedIssue[] {
  const listed = (job as { knownFaults?: unknown } | undefined)?.knownFaults;
  if (!Array.isArray(listed)) return [];
  return (listed as readonly { title?: unknown; reason?: unknown }[]).flatMap((known) => {
    const { title, reason } = known;
    if (typeof title !== 'string' || typeof reason !== 'string') return [];
    try {
      return [{ title: linearPattern(title), reason }];
    } catch {
      return [];
    }
  });
}

/** Reads what KCIDB wants of a job's folder. Never throws: a report shows what is there. */
export async function readKcidbSource(dir: string, { name }: JobResult): Promise<KcidbSource> {
  if (name === '' || name === '.' || name === '..' || /[/\\\0]/.test(name)) return noSource;
  const file = (await plainPath(dir, name, 'job.json')) ?? '';
  const [job, consoleTail, buildTail, named] = await Promise.all([
    readInput(file, mostJobBytes)
      .then((bytes) => parseJson('job.json', bytes.toString('utf8')))
      .catch(() => undefined),
    tailOf(dir, name, 'console.log'),
    tailOf(dir, name, 'build.log'),
    filesOf(dir, name),
  ]);
  return { issues: issuesOf(job), consoleTail, buildTail, ...named };
}
