// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';

/** The value of a metric of a case; undefined where it is absent or no finite number. */
export function metricOf(result: CaseResult | undefined, name: string): number | undefined {
  const value = result?.metrics.find((metric) => metric.name === name)?.value;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
