// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { readComparison } from '../reports/comparison-file.js';
import { UsageError } from '../model/errors.js';
import { exists } from '../system/files.js';
import { quoteWord } from '../system/shell-words.js';
import { exitCodeOf, exitCodeOfNew } from '../verdict/exit.js';
import { begin, execute, resumeRun, type RunFlags, type Start } from './execute.js';
import { lavaFlags, type LavaFlags } from './lava-options.js';
import { matrixFile, readMatrixText, type MatrixOptions } from './matrix.js';
import { reportsFor } from './reports.js';
import { showRun } from './show.js';
import { Option } from 'commander';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';
import { addLavaOptions } from './lava-options.js';

interface Options extends RunFlags, MatrixOptions, Partial<LavaFlags> {
  readonly resume?: string;
  readonly json: boolean;
  readonly exitOn?: 'new-failures';
}

/** `busyguest run`: the exit code says whether everything was as expected. */
export async function run(file: string | undefined, options: Options): Promise<number> {
  // A mistake in --report is told before anything is built.
  reportsFor(options.report);
  const other = options.resume === undefined ? undefined : await otherCommand(options.resume);
  if (options.resume !== undefined && other === 'check') {
    return (await import('./check.js')).resume(options.resume, options);
  }
  if (other !== undefined) {
    throw new UsageError(
      `--resume: that is the folder of a ${other}: busyguest ${other} --resume ${quoteWord(options.resume ?? '')}`,
    );
  }
  const start =
    options.resume === undefined
      ? await fresh(file, options)
      : await resumeRun(options.resume, lavaFlags(options));
  const result = await execute(start, options);
  await showRun(result, start.dir, options);
  return options.exitOn === undefined
    ? exitCodeOf(result, options.expected)
    : exitCodeOfNew(result, await readComparison(start.dir), options.expected);
}

/** The command that an interrupted run belongs to, where it is not `run`: its results mean something else. */
async function otherCommand(dir: string): Promise<'check' | 'bisect' | undefined> {
  for (const command of ['check', 'bisect'] as const) {
    if (await exists(join(dir, `${command}.json`))) return command;
  }
  return undefined;
}

async function fresh(named: string | undefined, options: Options): Promise<Start> {
  if (named === undefined) {
    throw new UsageError(
      'run: a job matrix is needed, such as "busyguest run pre-pull"; "busyguest matrices" lists those that come with it',
    );
  }
  const file = await matrixFile(named);
  const { tree, filter, results } = options;
  const narrowing = {
    ...(tree !== undefined && { tree }),
    ...(filter !== undefined && { filter }),
  };
  const text = await readMatrixText(file, options.set);
  return begin(file, text, narrowing, results, lavaFlags(options));
}

/** Options and help of `busyguest run`. */
export const declare: Declare = (command) =>
  addLavaOptions(
    command
      .argument(
        '[file]',
        'job matrix: a YAML file, a program that makes one (*.job.ts), or a name that "busyguest matrices" lists',
      )
      .addOption(shared.tree)
      .addOption(shared.set)
      .addOption(shared.filter)
      .addOption(shared.jobs)
      .addOption(shared.results)
      .addOption(shared.fresh)
      .addOption(shared.clean)
      .option('--fail-fast', 'start no more jobs after the first unexpected result', false)
      .option('--resume <dir>', 'continue an interrupted run')
      .addOption(
        new Option(
          '--exit-on <what>',
          'new-failures: exit with 1 only if something got worse since the run before',
        ).choices(['new-failures']),
      )
      .addOption(shared.report)
      .addOption(shared.expected)
      .addOption(shared.json)
      .addOption(shared.quiet)
      .option('-v, --verbose', 'show the consoles of the machines', false)
      .option('--timings', 'show at the end, on stderr, where the time went', false),
  )
    .addHelpText(
      'after',
      `
Examples:
  busyguest run pre-pull
  busyguest run my.yaml
  LAVA_TOKEN=... busyguest run --lava https://lava.example.org nightly
  busyguest run pre-pull --tree ~/linux#kvm/next --filter 'device=~powernv'
  busyguest run follow --set source=git+https://HOST/linux.git#master --exit-on new-failures
  busyguest run --resume results/20261121-120000-pre-pull`,
    )
    .action(exits(run));
