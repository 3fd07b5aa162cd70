// SPDX-License-Identifier: MIT
import { UsageError } from '../model/errors.js';
import { fileFormatNames, fileReport, type FileFormat } from '../reports/files.js';
import type { Report, ReportFailure } from '../reports/report.js';

/** The reports that every run gets, in its folder. */
const always: readonly FileFormat[] = ['json', 'tap', 'junit'];

/** The usual reports and those of `--report NAME=PATH,...`. Throws UsageError. */
export function reportsFor(list: string | undefined): Report[] {
  const asked = (list ?? '').split(',').filter((item) => item !== '');
  return [
    ...always.map((format) => fileReport(format)),
    ...asked.map((item) => {
      const [name = '', path = ''] = item.split('=');
      const format = fileFormatNames.find((known) => known === name);
      if (format === undefined || path === '') {
        throw new UsageError(
          `--report ${item}: NAME=PATH is needed, NAME one of ${fileFormatNames.join(', ')}`,
        );
      }
      return fileReport(format, path);
    }),
  ];
}

/** Says which reports failed. The run itself is not lost by that. */
export function sayFailures(failures: readonly ReportFailure[]): void {
  for (const { report, error } of failures) {
    process.stderr.write(`busyguest: report ${report}: ${error.message}\n`);
  }
}

/** Whether the output is for a person's eyes in colour. */
export function wantsColor(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'];
}
