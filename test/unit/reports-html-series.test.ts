// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seriesOf } from '../../src/reports/html/series.js';

const sample = (phase: string, tUs: number, usageUs: number) => ({
  phase,
  tUs,
  usageUs,
  periods: 1,
  throttled: 0,
  throttledUs: 0,
});

test('a line ends where the window of the next case opens: it never goes back in time', () => {
  const samples = [
    sample('run', 100_000, 100_000),
    sample('kill', 900_000, 890_000),
    sample('run', 100_000, 100_000),
    sample('run', 300_000, 100_000),
  ];
  const found = seriesOf('k', 0, samples, { quotaUs: 30_000, periodUs: 100_000 }, 100);
  assert.deepEqual(found?.usage, [
    [0.1, 0.1],
    [0.9, 0.89],
  ]);
});
