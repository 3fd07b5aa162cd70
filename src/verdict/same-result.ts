// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';
import type { Status } from '../model/status.js';

/** What two runs of one job are compared by. */
export interface ComparedResult {
  readonly status: Status;
  readonly cases: readonly Pick<CaseResult, 'name' | 'status' | 'metrics'>[];
}

/** What differs between two results of one job, a phrase each; empty: they are the same. */
export interface Differences {
  readonly status: readonly string[];
  readonly cases: readonly string[];
  readonly metrics: readonly string[];
}

/** Compares what was recorded with what was seen again. Metrics must be equal to the last digit. */
export function compareResults(then: ComparedResult, now: ComparedResult): Differences {
  const caseOf = (result: ComparedResult, name: string) =>
    result.cases.find((one) => one.name === name);
  const names = new Set([...then.cases, ...now.cases].map(({ name }) => name));
  const cases: string[] = [];
  const metrics: string[] = [];
  for (const name of names) {
    const [a, b] = [caseOf(then, name), caseOf(now, name)];
    if (a?.status !== b?.status) {
      cases.push(`${name}: ${a?.status ?? 'absent'}, now ${b?.status ?? 'absent'}`);
    }
    metrics.push(...metricDifferences(name, a?.metrics ?? [], b?.metrics ?? []));
  }
  const status = then.status === now.status ? [] : [`${then.status}, now ${now.status}`];
  return { status, cases, metrics };
}

function metricDifferences(
  name: string,
  then: CaseResult['metrics'],
  now: CaseResult['metrics'],
): string[] {
  const shown = (metrics: CaseResult['metrics'], metric: string): string => {
    const found = metrics.filter((one) => one.name === metric);
    return found.map(({ value, unit }) => `${value} ${unit}`).join(', ') || 'absent';
  };
  const all = new Set([...then, ...now].map((one) => one.name));
  return [...all]
    .filter((metric) => shown(then, metric) !== shown(now, metric))
    .map((metric) => `${name}.${metric}: ${shown(then, metric)}, now ${shown(now, metric)}`);
}
