// SPDX-License-Identifier: MIT
import type { JobResult, RunResult } from '../model/result.js';
import type { MailFacts, MailPatch } from './mail-facts.js';
import { isRelative } from '../verdict/relative.js';
import { asciiLine, wrap } from './text.js';

/** The machines of a run are emulated, so far as it says. */
export const isEmulated = (run: RunResult): boolean =>
  run.jobs.every(({ deviceFacts }) => (deviceFacts?.['accel'] ?? 'tcg') === 'tcg');

const width = 72;

/** The jobs of the kernel with the whole series. */
function seriesJobs(run: RunResult): readonly JobResult[] {
  const last = run.jobs.at(-1)?.kernel;
  const own = run.jobs.filter((job) => job.kernel === last && job.status !== 'SKIP');
  // What a tree's selftests fail without the series as well is no reason against it.
  return own.filter((job) => !isRelative(job));
}

const factOf = (run: RunResult, name: string): string | undefined =>
  seriesJobs(run).flatMap(({ facts }) => facts[name] ?? [])[0];

/** Which files of the series the kernel does not contain, for a field of the mail; undefined where nobody knows. */
export function notCompiled(run: RunResult): string | undefined {
  const text = factOf(run, 'files_not_compiled');
  if (text === undefined) return undefined;
  const [, total] = /^none of (\d+)$/.exec(text) ?? [];
  if (total === '1') return 'the file that the series changes';
  if (total !== undefined) return `all ${total} files that the series changes`;
  const [, missing, all, folders] = /^(\d+) of (\d+): (.*)$/.exec(text) ?? [];
  if (missing === undefined) return asciiLine(text);
  return `${Number(all) - Number(missing)} of ${all ?? ''} files of the series; not compiled: ${folders ?? ''}`;
}

/** Indices of patches of which every file was compiled. */
function covered(run: RunResult, patches: readonly MailPatch[]): readonly number[] {
  const not = new Set((factOf(run, 'patches_not_compiled') ?? '').split(' '));
  return patches.flatMap(({ file }, index) => (not.has(file) ? [] : [index + 1]));
}

/** Only who has seen it pass everywhere can say so, and only of what was compiled. */
export function testedBy(run: RunResult, facts: MailFacts): string[] {
  const mine = seriesJobs(run);
  const good = run.overall === 'fixed' || run.overall === 'not-reproduced';
  if (!good || mine.length === 0 || mine.some(({ status }) => status !== 'PASS')) return [];
  const { patches } = facts;
  const tested = covered(run, patches);
  if (notCompiled(run) === undefined) {
    const why = 'No Tested-by: it is not known which files of the series were compiled.';
    return [...wrap(why, width, 2)];
  }
  if (tested.length === 0) {
    const why = 'No Tested-by: of every patch, files are not part of the kernel that was tested.';
    return [...wrap(why, width, 2)];
  }
  const machines = mine.map(({ device }) => device.replace(/^qemu-/, ''));
  const all = tested.length === patches.length;
  const which = all ? '' : `patch${tested.length === 1 ? '' : 'es'} ${tested.join(', ')}; `;
  const kind = isEmulated(run) ? 'emulated ' : '';
  const count = `${machines.length} ${kind}machine${machines.length === 1 ? '' : 's'}`;
  const name = oneLine(facts.tester ?? 'YOUR NAME <YOUR ADDRESS>');
  const only = all ? [] : wrap(`The tag is for ${which.replace(/; $/, '')} only.`, width, 2);
  return [
    ...wrap(`Passed on ${machines.join(', ')}.`, width, 4),
    ...only,
    '',
    `Tested-by: ${name} # ${which}cpu.max with a busy KVM guest, ${count}`,
  ];
}

// A name keeps its letters: a tag with question marks in it is of no use.
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, '').trim();
