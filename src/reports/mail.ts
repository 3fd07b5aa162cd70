// SPDX-License-Identifier: MIT
import type { JobResult, PairVerdict, RunResult } from '../model/result.js';
import { firstThatMends, headlineOf } from '../verdict/headline.js';
import { signaturesOf } from '../verdict/signatures.js';
import { numberColumns, numberOf, type NumberColumn } from './key-numbers.js';
import type { MailFacts } from './mail-facts.js';
import { isEmulated, notCompiled, testedBy } from './mail-tag.js';
import { meaningOf } from './mail-verdict.js';
import { notablePhrases } from './pair-text.js';
import { asciiLine, clip, wrap } from './text.js';

/** Columns of a mail. */
export const mailWidth = 72;

/** Plain text for a reply on a mailing list, 72 columns: only a path or a name may be longer by itself. */
export function renderMail(run: RunResult, facts: MailFacts): string {
  const blocks = [
    [...wrap(asciiLine(headlineOf(run)), mailWidth, 8), ...mends(run, facts)],
    what(run, facts),
    mailTables(run),
    reasons(run),
    changes(run),
    mailExplanations(run),
    wrap(`Verdict: ${run.overall}: ${meaningOf(run)}`, mailWidth, 12),
    [
      ...wrap(`To reproduce, ${asciiLine(facts.where)}:`, mailWidth, 4),
      ...mailCommand(facts.command),
    ],
    config(facts),
    testedBy(run, facts),
  ];
  const lines = blocks.filter((block) => block.length > 0).map((block) => block.join('\n'));
  return `${lines.join('\n\n')}\n`;
}

/** A line of the block: a name, and what is said of it. */
export function mailField(name: string, text: string, maxLines = 3): string[] {
  const indent = 11;
  return wrap(asciiLine(text), mailWidth - indent, maxLines).map(
    (line, index) => `${(index === 0 && name !== '' ? `${name}:` : '').padEnd(indent)}${line}`,
  );
}

/** What was asked, and by which busyguest. */
export const testField = (version: string): string[] =>
  mailField('Test', `does a CPU-bound KVM guest stay within cpu.max? busyguest ${version}`);

function what(run: RunResult, { base, patches, version }: MailFacts): string[] {
  const releases = factsOf(run, 'kernel_release').join(', ');
  const titles = patches.map(({ subject, commit }) =>
    commit === undefined ? subject : `${subject} (commit ${commit.slice(0, 12)})`,
  );
  return withText([
    ...testField(version),
    ...mailField(
      'Base',
      releases === '' || base.includes(releases) ? base : `${base} (${releases})`,
    ),
    ...titles.flatMap((title, index) => mailField(index === 0 ? 'Series' : '', title, 2)),
    ...mailField('Compiled', notCompiled(run) ?? 'not known which files of the series'),
    ...conditions(run),
  ]);
}

const factsOf = (
  run: RunResult,
  name: string,
  owner: 'facts' | 'deviceFacts' = 'facts',
): string[] => [...new Set(run.jobs.flatMap((job) => job[owner]?.[name] ?? []))];

const withText = (lines: readonly string[]): string[] =>
  lines.filter((line) => !/^\w+:\s*$/.test(line));

/** Compiler, machines and limits of a run, a field for each that is known. */
export function conditions(run: RunResult): string[] {
  // The packager's version is in the results.
  const qemu = factsOf(run, 'qemu', 'deviceFacts').map((text) => text.replace(/ \(.*/, ''));
  const machines = isEmulated(run)
    ? `emulated by ${qemu.join(', ')}; no real hardware`
    : `KVM with ${qemu.join(', ')}`;
  const limits = factsOf(run, 'limit').map((limit) => limit.replace(' ', ' us of every ') + ' us');
  const vcpus = factsOf(run, 'vcpus').map((count) => `${count} vCPU`);
  return withText([
    ...mailField('Compiler', factsOf(run, 'toolchain').join(', ')),
    ...mailField('Machines', qemu.length > 0 ? machines : ''),
    ...mailField('Limit', [...limits, ...vcpus].join(', ')),
  ]);
}

/** By title, which patch of the series mends it, where each was tested. */
function mends(run: RunResult, { patches }: MailFacts): readonly string[] {
  const [, number] = /^patch-(\d+)$/.exec(firstThatMends(run) ?? '') ?? [];
  const patch = patches[Number(number) - 1];
  if (number === undefined || patch === undefined) return [];
  return wrap(asciiLine(`Patch ${number} mends it: ${patch.subject}`), mailWidth, 3);
}

// By its content: a file of the tester's disk, or of busyguest's, says nothing to a reader.
const config = ({ config: options }: MailFacts): string[] =>
  options.length === 0
    ? []
    : [...wrap(asciiLine(`Config: allnoconfig with ${options.join(' ')}`), mailWidth, 60)];

/** One table; with several tests one for each, under its name, for each has numbers of its own. */
export function mailTables({ jobs, verdicts }: RunResult): readonly string[] {
  const tests = [...new Set(jobs.map(({ test }) => test))];
  return tests.flatMap((test, index) => [
    ...(index > 0 ? [''] : []),
    ...(tests.length > 1 ? [`${clip(asciiLine(test), mailWidth - 1)}:`] : []),
    ...table(
      jobs.filter((job) => job.test === test),
      verdicts.filter((pair) => pair.test === test),
    ),
  ]);
}

/** Jobs of one test, by machine. */
function table(jobsOfTest: readonly JobResult[], pairs: readonly PairVerdict[]): string[] {
  const devices = [...new Set(jobsOfTest.map(({ device }) => device))];
  const jobs = devices.flatMap((device) => jobsOfTest.filter((job) => job.device === device));
  const columns = numberColumns(jobs).filter(({ inMail }) => inMail !== undefined);
  const head = [
    'machine',
    'kernel',
    'status',
    ...columns.map((one) => one.inMail ?? ''),
    'verdict',
  ];
  const rows = [head, ...jobs.map((job, index) => row(job, jobs[index - 1], pairs, columns))];
  const widths = head.map((_, column) =>
    Math.max(...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const isNumber = (column: number): boolean => column >= 3 && column < 3 + columns.length;
  return rows.map((cells) =>
    clip(
      cells
        .map((cell, column) =>
          isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
      mailWidth,
    ),
  );
}

function row(
  job: JobResult,
  before: JobResult | undefined,
  pairs: readonly PairVerdict[],
  columns: readonly NumberColumn[],
): string[] {
  const pair = pairs.find((one) => one.patched === job.kernel && one.device === job.device);
  return [
    before?.device === job.device ? '' : clip(asciiLine(job.device.replace(/^qemu-/, '')), 18),
    clip(asciiLine(job.kernel), 10),
    job.status,
    ...columns.map((column) => numberOf(job, column)),
    pair?.verdict ?? '',
  ];
}

// The numbers speak for PASS and for a FAIL of the test itself; anything else needs words.
function reasons(run: RunResult): string[] {
  const silent = (job: JobResult): boolean =>
    job.status === 'PASS' || (job.status === 'FAIL' && job.decidedBy === 'cases');
  const told = run.jobs.filter((one) => !silent(one));
  return onceForAllMachines(
    told.map((job) => {
      // Of a build that failed, the first line is the compiler's; make's own follow.
      const [first = ''] = job.reason.split('\n');
      const who = subjectOf(run, job.kernel, job.test);
      return { text: `${who}: ${job.status}: ${asciiLine(first)}`, device: job.device };
    }),
  );
}

/** A kernel, and the test where there are several: `patched, kselftest`. */
function subjectOf({ jobs }: RunResult, kernel: string, test: string): string {
  const isOnly = jobs.every((job) => job.test === test);
  return asciiLine(isOnly ? kernel : `${kernel}, ${test}`);
}

/** Each text once, with the machines of which it is said. */
function onceForAllMachines(said: readonly { text: string; device: string }[]): string[] {
  const grouped = new Map<string, string[]>();
  for (const { text, device } of said) {
    grouped.set(text, [...(grouped.get(text) ?? []), device.replace(/^qemu-/, '')]);
  }
  return [...grouped].flatMap(([text, devices]) =>
    wrap(asciiLine(`${text} (${devices.join(', ')})`), mailWidth, 6),
  );
}

/** Of the kernel that the mail is about: what is wrong with the base is the series' own subject. */
export function mailExplanations(run: RunResult): string[] {
  const last = run.jobs.at(-1)?.kernel;
  const own = run.jobs.filter(({ kernel }) => kernel === last);
  return signaturesOf(own).flatMap(({ signature: { means, look, known } }) => [
    ...wrap(asciiLine(`What this looks like: ${means}.`), mailWidth, 6),
    ...wrap(asciiLine(`Where to look: ${look}.`), mailWidth, 6),
    ...(known === undefined ? [] : wrap(asciiLine(`Known: ${known}.`), mailWidth, 6)),
  ]);
}

// What a verdict of one word does not say, once for all machines on which it is the same.
function changes(run: RunResult): string[] {
  return onceForAllMachines(
    run.verdicts.flatMap((pair) =>
      notablePhrases(pair).map((phrase) => ({
        text: `${subjectOf(run, pair.patched, pair.test)}: ${asciiLine(phrase)}`,
        device: pair.device,
      })),
    ),
  );
}

/** Never cut: it has to be possible to copy it into a shell. */
export function mailCommand(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    const fits = last !== undefined && last.length + word.length + 7 <= mailWidth;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  const end = (index: number): string => (index < lines.length - 1 ? ' \\' : '');
  return lines.map((line, index) => `${index === 0 ? '  ' : '    '}${line}${end(index)}`);
}
