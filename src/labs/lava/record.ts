// SPDX-License-Identifier: MIT
import { flatResults } from '../../ktap/flat-result.js';
import type { PayloadResult } from '../../ktap/payload.js';

/** A result as a lab recorded it by itself. */
export interface LabRow {
  readonly name: string;
  readonly result: string;
  readonly value?: number;
  readonly unit?: string;
}

/**
 * Where the rows that a lab recorded from the payload's flat lines are other than what the console
 * says, which is the truth: lines of a lab are lost or cut without a word. A line each.
 */
export function compareRecord(
  payload: Pick<PayloadResult, 'cases'>,
  rows: readonly LabRow[],
): string[] {
  const recorded = new Map(rows.map((row) => [row.name, row]));
  return flatResults(payload.cases).flatMap(({ name, result, measurement, unit }) => {
    const row = recorded.get(name);
    if (row === undefined) return [`${name}: not recorded`];
    if (row.result !== result) return [`${name}: recorded as ${row.result}, console: ${result}`];
    if (row.value === undefined || !same(row.value, measurement) || row.unit !== unit) {
      return [
        `${name}: recorded as ${row.value ?? 'nothing'} ${row.unit ?? ''}, console: ${measurement} ${unit}`,
      ];
    }
    return [];
  });
}

// LAVA keeps ten digits after the point.
const same = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
