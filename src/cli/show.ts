// SPDX-License-Identifier: MIT
import { readComparison } from '../reports/comparison-file.js';
import type { RunResult } from '../model/result.js';
import { renderChange } from '../reports/comparison-text.js';
import { renderResultsJson } from '../reports/results-json.js';
import { renderHeadline, renderTable } from '../reports/terminal.js';
import { wantsColor } from './reports.js';

/**
 * Shows a finished run on standard output: results.json, or the table, where its files are, what changed since the
 * last run like it, what else the command has to say, and the headline, which is always the last line.
 */
export async function showRun(
  result: RunResult,
  dir: string,
  options: { readonly json?: boolean; readonly more?: string } = {},
): Promise<void> {
  if (options.json === true) {
    process.stdout.write(renderResultsJson(result));
    return;
  }
  const screen = { color: wantsColor(process.stdout), width: process.stdout.columns || 100 };
  // A sentence is one line for a script, and as many as it takes for a person.
  const sentence = { ...screen, width: process.stdout.columns || 100_000 };
  const change = await readComparison(dir);
  const parts = [
    `${renderTable(result, screen)}\nresults: ${dir}\n`,
    ...(change ? [renderChange(change, sentence.width)] : []),
    ...(options.more === undefined ? [] : [options.more]),
    renderHeadline(result, sentence),
  ];
  process.stdout.write(parts.join('\n'));
}
