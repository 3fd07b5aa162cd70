// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { prePull } from '../jobs/generators/pre-pull.js';
import { exitCode, InfraError, JobError, UsageError } from '../model/errors.js';
import { findBase, readApplying, writeSeries } from '../pipeline/check-series.js';
import { makeRunDir } from '../pipeline/run.js';
import { b4Failure, b4ResultOf, renderB4 } from '../reports/b4-result.js';
import { pageUrl, parseBaseUrl } from '../reports/base-url.js';
import { renderDraft } from '../reports/mail-draft.js';
import type { MailFacts } from '../reports/mail-facts.js';
import { renderMail } from '../reports/mail.js';
import { writeWhole } from '../system/files.js';
import { quoteWord } from '../system/shell-words.js';
import { exitCodeOf } from '../verdict/exit.js';
import { expectOfCheck, expectOfJob } from '../verdict/check-expectations.js';
import { b4Series } from './b4-series.js';
import { configOf, factsOf, readFacts } from './check-facts.js';
import { checkDevices } from './commit-test.js';
import { devicesFor } from './check-architectures.js';
import { deviceList } from './device-list.js';
import { touchedFiles, type Patch } from '../kernels/series.js';
import type { Say } from '../model/event.js';
import { beginIn, execute, resumeRun, type RunFlags, type Start } from './execute.js';
import { reportsFor } from './reports.js';
import { showRun } from './show.js';
import { seriesPaths } from './series-argument.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { addRunOptions, everyPath, runsPrograms, shared } from './shared-options.js';

interface Flags extends RunFlags {
  readonly json: boolean;
  /** Where a draft of the mail is written. */
  readonly mail?: string;
  /** Speaks the protocol of b4's check commands on standard input and output. */
  readonly b4?: boolean;
  readonly baseUrl?: string;
}

interface Options extends Flags {
  readonly tree: string;
  readonly base?: string;
  readonly series?: readonly string[];
  readonly each: boolean;
  readonly device?: readonly string[];
  readonly kselftest?: readonly string[];
  readonly resume?: string;
}

/** `busyguest check`: does this series, on top of that base, keep the limit? Prints a reply by mail. */
async function check(options: Options): Promise<number> {
  reportsFor(options.report);
  const { baseUrl } = options;
  const asked = baseUrl === undefined ? options : { ...options, baseUrl: parseBaseUrl(baseUrl) };
  const whole = async (): Promise<number> =>
    options.resume === undefined
      ? finish(await begin(options.b4 === true ? await fromB4(asked) : asked), asked)
      : resume(options.resume, asked);
  return options.b4 === true ? forB4(whole) : whole();
}

async function fromB4(options: Options): Promise<Options> {
  if (options.series !== undefined) {
    throw new UsageError('check --b4: the series comes from standard input; leave --series out');
  }
  const { path, base: tracked } = await interruptible((signal) => b4Series(signal));
  // It is a commit of the repository that b4 runs in.
  const base = options.base ?? (options.tree === '.' ? tracked : undefined);
  return { ...options, series: [path], ...(base !== undefined && { base }) };
}

/** b4 takes an exit code without output for a FAIL of the series; what has failed here blames the right one. */
async function forB4(whole: () => Promise<number>): Promise<number> {
  try {
    return await whole();
  } catch (error) {
    if (error instanceof JobError) {
      process.stdout.write(renderB4(b4Failure('fail', error.message)));
      return exitCode.badJob;
    }
    if (error instanceof InfraError) {
      process.stdout.write(renderB4(b4Failure('warn', error.report)));
      return exitCode.infrastructure;
    }
    throw error;
  }
}

/** Goes on with an interrupted check. Throws UsageError when the folder is none. */
export async function resume(dir: string, flags: Flags): Promise<number> {
  const start = await resumeRun(dir);
  await readFacts(start.dir);
  return finish(start, flags);
}

async function finish(start: Start, options: Flags): Promise<number> {
  const { kernels } = start.matrix;
  const result = await execute({ ...start, command: 'check' }, options, {
    job: (job) => expectOfJob(job, kernels),
    run: (run) => expectOfCheck(run, kernels),
  });
  const url = options.baseUrl && pageUrl(options.baseUrl, result);
  const b4 = (details: string): void =>
    void process.stdout.write(renderB4(b4ResultOf(result, details, url)));
  if (result.interrupted) {
    if (options.b4 === true) b4('');
    else await showRun(result, start.dir, options);
    return exitCodeOf(result, options.expected);
  }
  const facts = await readFacts(start.dir);
  const mail = renderMail(result, facts);
  const file = join(start.dir, 'mail.txt');
  await writeWhole(file, mail);
  if (options.mail !== undefined) await writeDraft(options.mail, renderDraft(result, facts));
  const draft =
    options.mail === undefined ? '' : `\nTo send it: git send-email ${quoteWord(options.mail)}\n`;
  const more = `For a reply by mail (${file}):\n\n${mail}${draft}`;
  if (options.b4 === true) b4(mail);
  else await showRun(result, start.dir, { json: options.json, more });
  return exitCodeOf(result, options.expected);
}

/** Throws UsageError where the file cannot be written. */
async function writeDraft(path: string, text: string): Promise<void> {
  await writeWhole(path, text).catch((error: unknown) => {
    throw new UsageError(`--mail ${path}: ${(error as Error).message}`);
  });
}

/** The devices for what a series changes; says what is left out. Throws InfraError when none can run here. */
async function devicesOf(patches: readonly Patch[], say: Say): Promise<readonly string[]> {
  const files = await interruptible((signal) => touchedFiles(patches, signal));
  const { devices, leftOut } = await devicesFor(files);
  leftOut.forEach((text) => say(text));
  await checkDevices(devices);
  return devices;
}

async function begin(options: Options): Promise<Start> {
  const { tree, base, each, results } = options;
  const device = options.device && deviceList(options.device);
  const series = await interruptible((signal) => seriesPaths(options.series ?? [], signal));
  if (series.length === 0) {
    throw new UsageError(
      'check: --series is needed: a patch, a folder, an mbox, a Message-ID or REPOSITORY#A..B',
    );
  }
  if (device !== undefined) await checkDevices(device);
  const say = (text: string): void => void process.stderr.write(`busyguest: ${text}\n`);
  const { base: found, patches } = await interruptible(async (signal) =>
    readApplying(await findBase(tree, base, signal), series, signal, say),
  );
  const devices = device ?? (await devicesOf(patches, say));
  const now = new Date();
  const dir = await makeRunDir(results, 'check', now);
  const paths = await writeSeries(join(resolve(dir), 'series'), patches);
  const kselftest = options.kselftest?.flatMap((list) => list.split(',')).filter(Boolean);
  const more = { devices, ...(kselftest && { kselftest }) };
  const matrix = prePull({ source: found.source, series: paths, each, ...more });
  const asked = { tree, each, ...(device && { device }), ...(kselftest && { kselftest }) };
  const text = JSON.stringify(matrix, undefined, 2);
  const start = await beginIn(dir, now, join(dir, 'check.yaml'), text, {});
  const facts = await interruptible((signal) =>
    factsOf(asked, found, series, patches, paths, signal),
  );
  const all: MailFacts = { ...facts, config: await configOf(start.matrix) };
  await writeWhole(join(dir, 'check.json'), `${JSON.stringify(all, undefined, 2)}\n`);
  return start;
}

/** Options and help of `busyguest check`. */
export const declare: Declare = (command) =>
  addRunOptions(
    command
      .option('--tree <source>', 'git repository, or any kernel source', '.')
      .option('--base <ref>', 'branch, tag or commit of the repository (default: HEAD)')
      .option(
        '--series <path...>',
        'patch, folder, mbox, maildir, REPOSITORY#A..B, a Message-ID (fetched by b4), or - for standard input; separate several series with commas, or repeat --series',
      )
      .option('--each', 'test a kernel after every patch of the series', false)
      .option(
        '--kselftest <name...>',
        "also run the tree's own selftests, COLLECTION or COLLECTION:TEST (docs/kselftest.md)",
      )
      .addOption(shared.devices)
      .option(
        '--mail <file>',
        'write the reply as a draft for git send-email: To, Cc, Subject, In-Reply-To',
      )
      .option(
        '--b4',
        "be b4's review-series-check-cmd: a mail of the series on standard input, the result as JSON on standard output",
        false,
      )
      .option(
        '--base-url <url>',
        'with --b4: where the folder of all runs is published; the result links the page of the check',
      )
      .option('--resume <dir>', 'continue an interrupted check')
      .addOption(shared.clean)
      .addOption(shared.jobs),
  )
    .addHelpText(
      'after',
      `
${everyPath}
A series that changes code of all architectures (the scheduler, KVM itself) is tested on every architecture whose QEMU
and compiler are installed; a series that changes only arch/NAME is tested on NAME.
${runsPrograms}

Examples:
  busyguest check --tree ~/linux --base kvm/next --series series.mbox
  busyguest check --series ~/linux#origin/master..topic --each
  busyguest check --tree ~/linux --series MESSAGE-ID --mail reply.eml
  cat topic.mbox | busyguest check --tree ~/linux --series -
  busyguest check --tree ~/linux --series topic.mbox --kselftest cgroup,powerpc
  git config b4.review-series-check-cmd 'busyguest check --b4 --quiet --base-url https://ci.example.org/results'`,
    )
    .action(exits(check));
