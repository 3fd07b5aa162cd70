// SPDX-License-Identifier: MIT
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
}

export const noSource: KcidbSource = { issues: [], consoleTail: '', buildTail: '' };

// KCIDB takes 16384 characters of an excerpt.
const tailBytes = 16 * 1024;
/** The most of a job.json that is read. */
const mostJobBytes = 4 * 1024 ** 2;

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
  const [job, consoleTail, buildTail] = await Promise.all([
    readInput(file, mostJobBytes)
      .then((bytes) => parseJson('job.json', bytes.toString('utf8')))
      .catch(() => undefined),
    tailOf(dir, name, 'console.log'),
    tailOf(dir, name, 'build.log'),
  ]);
  return { issues: issuesOf(job), consoleTail, buildTail };
}
