// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { readRun } from '../pipeline/run-folder.js';
import { fileReport } from '../reports/files.js';
import { runReports } from '../reports/report.js';
import { exitCodeOf } from '../verdict/exit.js';
import type { ExpectedMode } from '../verdict/expected.js';
import { reportsFor, sayFailures } from './reports.js';
import { showRun } from './show.js';
import { runFolder } from './arguments.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

/** `busyguest report RUN`: the reports of a run again, with its exit code. */
export async function report(
  path: string,
  options: {
    readonly report?: string;
    readonly expected?: ExpectedMode;
    readonly html: boolean;
    readonly json: boolean;
  },
): Promise<number> {
  const dir = await runFolder(path);
  const result = await readRun(dir);
  const page = options.html ? [fileReport('html')] : [];
  const failures = await runReports(
    [...reportsFor(options.report, options.expected), ...page],
    result,
    dir,
  );
  sayFailures(failures);
  const made = options.html && !failures.some(({ report: name }) => name === 'html');
  const more = made ? { more: `report: ${join(dir, 'report.html')}\n` } : {};
  await showRun(result, dir, { json: options.json, ...more });
  return exitCodeOf(result, options.expected);
}

/** Options and help of `busyguest report`. */
export const declare: Declare = (command) =>
  command
    .argument('<run>', 'folder of a run, such as results/latest')
    .option('--html', 'write report.html into the folder of the run', false)
    .addOption(shared.report)
    .addOption(shared.expected)
    .addOption(shared.json)
    .addHelpText(
      'after',
      `
Examples:
  busyguest report results/latest --html
  busyguest report results/latest --report markdown=/dev/stdout`,
    )
    .action(exits(report));
