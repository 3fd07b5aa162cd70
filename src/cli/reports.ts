// SPDX-License-Identifier: MIT
import { InfraError, UsageError } from '../model/errors.js';
import { historyReports } from '../pipeline/history.js';
import { fileFormatNames, fileReport, type FileFormat } from '../reports/files.js';
import { usualMode, type ExpectedMode } from '../verdict/expected.js';
import type { Report, ReportFailure } from '../reports/report.js';
import { quoteWord } from '../system/shell-words.js';

/** The reports that every run gets, in its folder. */
const always: readonly FileFormat[] = ['json', 'tap', 'junit'];

/** The usual reports and those of `--report NAME=PATH,...`. Throws UsageError. */
export function reportsFor(list: string | undefined, mode: ExpectedMode = usualMode): Report[] {
  return [...usual(mode), ...askedFor(list, mode)];
}

const usual = (mode: ExpectedMode): Report[] =>
  always.map((format) => fileReport(format, undefined, mode));

/** Those, and what a run leaves beside them: comparison with the last one, page, index of all runs. */
export function reportsOfRun(list: string | undefined, mode: ExpectedMode = usualMode): Report[] {
  const { comparison, index } = historyReports();
  // The page shows the comparison, and the index the page.
  return [...usual(mode), comparison, fileReport('html'), ...askedFor(list, mode), index];
}

function askedFor(list: string | undefined, mode: ExpectedMode): Report[] {
  const asked = (list ?? '').split(',').filter((item) => item !== '');
  return asked.map((item) => {
    const [name = '', path = ''] = item.split('=');
    const format = fileFormatNames.find((known) => known === name);
    if (format === undefined || path === '') {
      throw new UsageError(
        `--report ${item}: NAME=PATH is needed, NAME one of ${fileFormatNames.join(', ')}`,
      );
    }
    return fileReport(format, path, mode);
  });
}

/** Says which reports failed. The run itself is not lost by that. */
export function sayFailures(failures: readonly ReportFailure[]): void {
  for (const { report, error } of failures) {
    process.stderr.write(`busyguest: report ${report}: ${error.message}\n`);
  }
}

/** Throws InfraError when a run's results.json, which everything else is made from, was not written. */
export function requireResults(failures: readonly ReportFailure[], dir: string): void {
  const lost = failures.find(({ report }) => report === 'json');
  if (lost === undefined) return;
  const todo = `make room on its disk, then: busyguest run --resume ${quoteWord(dir)}`;
  throw new InfraError('results', `results.json was not written: ${lost.error.message}`, todo);
}

/** Whether the output is for a person's eyes in colour. */
export function wantsColor(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'];
}
