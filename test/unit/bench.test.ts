// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { markdownTable, median, megabytesPerSecond, ratio, seconds } from '../bench/figures.js';

const samples = (...walls: number[]): { wallMs: number }[] => walls.map((wallMs) => ({ wallMs }));

test('the median is the middle, of an even number the mean of both, and takes no order for granted', () => {
  assert.equal(median([9, 1, 10]), 9);
  assert.equal(median([10, 1, 9, 2]), 5.5);
  assert.equal(median([7]), 7);
  assert.ok(Number.isNaN(median([])));
});

test('a ratio is that of the medians', () => {
  assert.equal(ratio(samples(100, 150, 900), samples(100, 100, 100)), '1.50 x');
});

test('seconds, minutes and speeds', () => {
  assert.equal(seconds(984), '0.98 s');
  assert.equal(seconds(223_400), '3 min 43 s');
  assert.equal(seconds(119_700), '2 min 0 s');
  assert.equal(megabytesPerSecond(200e6, 2000), '100 MB/s');
  assert.equal(megabytesPerSecond(11e6, 4600), '2.39 MB/s');
});

test('the table: figures, what could not be measured, and nothing that ends a cell', () => {
  const cpu = [10, 30, 20].map((cpuMs) => ({ wallMs: 2 * cpuMs, cpuMs }));
  const rows = [
    { what: 'bare | QEMU', samples: samples(900, 950, 1000), against: 'the limit' },
    { what: 'once', samples: samples(61_000) },
    { what: 'parse', samples: cpu },
    { what: 'lava-run', missing: 'not here:\n install it' },
  ];
  assert.equal(
    markdownTable(rows),
    `| what | median | least to most | CPU time | against |
| --- | --- | --- | --- | --- |
| bare \\| QEMU | 0.95 s | 0.90 s to 1.00 s |  | the limit |
| once | 1 min 1 s |  |  |  |
| parse | 0.04 s | 0.02 s to 0.06 s | 0.02 s |  |
| lava-run | not measured |  |  | not here: install it |
`,
  );
});

test('its command line: help, and what is wrong with it', () => {
  const main = join(fileURLToPath(new URL('..', import.meta.url)), 'bench', 'main.js');
  const bench = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
  const help = bench('--help');
  assert.equal(help.status, 0);
  assert.match(help.stdout, /Examples:\n +npm run bench\n/);
  for (const [args, why] of [
    [['--only', 'jobs'], /--only jobs: is none of job, matrix/],
    [['--times', '0'], /--times 0: a number from 1 on/],
    [['5'], /Unexpected argument/],
  ] as const) {
    const { status, stderr } = bench(...args);
    assert.equal(status, 64);
    assert.match(stderr, why);
  }
});
