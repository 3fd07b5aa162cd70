// SPDX-License-Identifier: MIT

const digitsOf = (value: number): number => (value >= 100 ? 0 : value >= 10 ? 1 : 2);

/** Microseconds as a person reads them, three digits: `350 us`, `12.5 ms`, `14.1 s`, `-2.00 ms`. */
export function formatUs(us: number): string {
  const size = Math.abs(us);
  const sign = us < 0 ? '-' : '';
  if (!Number.isFinite(us)) return 'unknown';
  if (size < 1000) return `${sign}${Math.round(size)} us`;
  const [value, unit] = size < 1_000_000 ? [size / 1000, 'ms'] : [size / 1_000_000, 's'];
  return `${sign}${value.toFixed(digitsOf(value))} ${unit}`;
}

/** A ratio of usage to quota: `3.33 x`. */
export function formatRatio(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)} x` : 'unknown';
}
