// SPDX-License-Identifier: MIT
import { flatResults, type FlatResult } from '../../ktap/flat-result.js';
import type { PayloadResult } from '../../ktap/payload.js';

/** A result as a lab recorded it by itself. */
export interface LabRow {
  readonly name: string;
  readonly result: string;
  readonly value?: number;
  readonly unit?: string;
}

/** How a lab's rows compare with the console, which is the truth. */
export interface RecordComparison {
  /** Rows that say something else, a sentence each; also that there is none at all. */
  readonly disagreements: readonly string[];
  /** Names of results that the lab did not record. */
  readonly missing: readonly string[];
}

/**
 * Compares the rows that a lab recorded from the payload's flat lines with the console. A row that says something else
 * is a line that was cut. A row that is missing says nothing: where much is printed at once, LAVA searches the last
 * 4,000 bytes for results (lava_dispatcher/shell.py, searchwindowsize) and loses those before, though its log has them.
 */
export function compareRecord(
  payload: Pick<PayloadResult, 'cases'>,
  rows: readonly LabRow[],
): RecordComparison {
  const recorded = new Map(rows.map((row) => [row.name, row]));
  const printed = flatResults(payload.cases);
  const missing = printed.filter(({ name }) => !recorded.has(name)).map(({ name }) => name);
  if (missing.length > 0 && missing.length === printed.length)
    return { disagreements: [`none of ${printed.length} results is recorded`], missing };
  const disagreements = printed.flatMap((result) => {
    const row = recorded.get(result.name);
    return row === undefined ? [] : whatDiffers(result, row);
  });
  return { disagreements, missing };
}

function whatDiffers({ name, result, measurement, unit }: FlatResult, row: LabRow): string[] {
  if (row.result !== result) return [`${name}: recorded as ${row.result}, console: ${result}`];
  if (row.value !== undefined && same(row.value, measurement) && row.unit === unit) return [];
  const said = `${row.value ?? 'nothing'} ${row.unit ?? ''}`;
  return [`${name}: recorded as ${said}, console: ${measurement} ${unit}`];
}

// LAVA keeps ten digits after the point.
const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
