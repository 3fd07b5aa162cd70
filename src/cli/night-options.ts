// SPDX-License-Identifier: MIT
import { Option, type Command } from 'commander';
import { UsageError } from '../model/errors.js';
import { parseKcidbOptions } from '../reports/kcidb-options.js';
import { parseKcidbRest } from '../reports/kcidb-submit.js';
import { mailTransport, parseAddress } from '../system/mailer.js';
import { wholeNumber } from './arguments.js';
import { collect, shared } from './shared-options.js';

/** What a night is told; `watch`, `nightly run` and `nightly install` have these options. */
export interface NightOptions {
  readonly tree: string;
  readonly matrix?: string;
  readonly device?: readonly string[];
  readonly results: string;
  readonly keepRuns: string;
  readonly publish?: string;
  readonly baseUrl?: string;
  readonly kcidb: boolean;
  readonly origin?: string;
  readonly treeName?: string;
  readonly mailTo?: readonly string[];
  readonly mailFrom?: string;
  readonly notifyCommand?: string;
  readonly jobs?: string;
  readonly quiet: boolean;
}

/** Adds them to a command. */
export const addNightOptions = (command: Command): Command =>
  command
    .requiredOption(
      '--tree <source>',
      'what to follow: URL#BRANCH, PATH#BRANCH or debian:PACKAGE[@SUITE]',
    )
    .option(
      '--matrix <file>',
      'job matrix to run, a file or a name (default: the tip on every emulated machine)',
    )
    .addOption(shared.devices)
    .addOption(shared.results)
    .option('--keep-runs <n>', 'keep the newest N runs, and prune the others', '60')
    .option('--publish <where>', 'copy each run and the index there: DIR, or HOST:DIR (rsync)')
    .option('--base-url <url>', 'where that folder is published; mails and KCIDB link to it')
    .option('--kcidb', 'submit each run to KCIDB; KCIDB_REST says where', false)
    .option('--origin <name>', 'with --kcidb: name of the CI system (default: busyguest)')
    .option('--tree-name <name>', 'with --kcidb: name of the tree, such as mainline')
    .addOption(
      new Option(
        '--mail-to <address>',
        'send mail to this address if anything is new; separate several with commas, or repeat --mail-to',
      ).argParser(collect),
    )
    .option('--mail-from <address>', 'sender of these mails (default: USER@HOST)')
    .option(
      '--notify-command <command>',
      'run this shell command if anything is new; it gets the mail on standard input',
    )
    .addOption(shared.jobs)
    .addOption(shared.quiet);

/** What stands below them in the help. */
export const nightHelp = `A mail says only what is new: failures, fixes, flaky jobs, metrics outside the spread of past nights, and nights that were
missed or not tested. It goes through the system's sendmail, or to BUSYGUEST_SMTP=smtps://USER:PASSWORD@HOST. The shell command
gets BUSYGUEST_SUBJECT and BUSYGUEST_RUN (the folder of the run). The exit code is 1 only for what got worse.`;

/** The same options, as far as they can be checked before anything runs. Throws UsageError. */
export async function checkNightOptions(options: NightOptions): Promise<void> {
  wholeNumber('--keep-runs', options.keepRuns, 1);
  for (const to of options.mailTo ?? []) parseAddress('--mail-to', to);
  if (options.mailFrom !== undefined) parseAddress('--mail-from', options.mailFrom);
  if (options.mailTo !== undefined) await mailTransport();
  parseKcidbOptions(kcidbOptions(options));
  if (options.kcidb) parseKcidbRest(process.env['KCIDB_REST']);
  if (options.matrix !== undefined && options.device !== undefined) {
    throw new UsageError('--device: the job matrix names its devices');
  }
  if (!/^(?:debian:|git\+|[a-z]+:\/\/)|#/.test(options.tree)) {
    throw new UsageError(`--tree ${options.tree}: a branch is needed: URL#BRANCH or PATH#BRANCH`);
  }
}

/** What `submit-kcidb` is told. */
export const kcidbOptions = ({ origin, treeName, baseUrl }: NightOptions) => ({
  ...(origin !== undefined && { origin }),
  ...(treeName !== undefined && { treeName }),
  ...(baseUrl !== undefined && { baseUrl }),
});

/** The name of a source as a job matrix has it: a URL is one of git's. */
export const sourceOf = (tree: string): string =>
  /^(?:https?|git|ssh|file):\/\//.test(tree) ? `git+${tree}` : tree;
