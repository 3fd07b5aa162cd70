// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';

/** A flat result line of the payload (docs/payload-output.md): a case, or a metric of it as `<case>__<metric>`. */
export interface FlatResult {
  /** Only a-z, 0-9 and _, so that nobody rewrites it. */
  readonly name: string;
  readonly result: 'pass' | 'fail' | 'skip' | 'unknown';
  /** Of a case 1 when it passed, else 0. */
  readonly measurement: number;
  /** Of a case `ok`. */
  readonly unit: string;
}

/**
 * A regular expression for a flat line, with the group names that LAVA's monitors ask for; Python
 * and JavaScript read it alike. The terminator is part of it: LAVA matches while a line is still
 * coming, and would take the first digits of a number for the number.
 */
export const flatPattern =
  'BG-RESULT v1 name=(?P<test_case_id>[a-z0-9_]+) result=(?P<result>pass|fail|skip|unknown) measurement=(?P<measurement>-?[0-9.]+) unit=(?P<units>[a-z%/]+);';

const results: Readonly<Record<CaseResult['status'], FlatResult['result'] | undefined>> = {
  PASS: 'pass',
  FAIL: 'fail',
  SKIP: 'skip',
  // What the payload itself said is not known any more.
  ERROR: 'unknown',
  MISS: undefined,
};

/** The flat lines that the payload prints for these cases, in its order; of a case that never came there are none. */
export function flatResults(cases: readonly CaseResult[]): FlatResult[] {
  return cases.flatMap((one): FlatResult[] => {
    const result = results[one.status];
    if (result === undefined) return [];
    return [
      { name: one.name, result, measurement: result === 'pass' ? 1 : 0, unit: 'ok' },
      ...one.metrics.map((metric) => ({
        name: `${one.name}__${metric.name}`,
        result,
        measurement: metric.value,
        unit: metric.unit,
      })),
    ];
  });
}

/** Reads flat lines out of a log, as LAVA does. */
export function readFlatResults(log: string): FlatResult[] {
  const pattern = new RegExp(flatPattern.replaceAll('(?P<', '(?<'), 'g');
  return [...log.matchAll(pattern)].map(({ groups = {} }) => ({
    name: groups['test_case_id'] ?? '',
    result: groups['result'] as FlatResult['result'],
    measurement: Number(groups['measurement']),
    unit: groups['units'] ?? '',
  }));
}
