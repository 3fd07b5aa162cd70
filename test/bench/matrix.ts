// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { splitWords } from '../../src/system/shell-words.js';
import type { Bench } from './bench.js';
import { medianMs, ratio, type Row, type Sample } from './figures.js';
import { resultOf } from './one-job.js';
import { device } from './pre-pull-matrix.js';
import { busyguest, repeat, untilLastLine, wallOf } from './stopwatch.js';

/** The matrix before a pull request: with 1 and 2 workers, and with nothing changed. */
export async function prePull({ times, dir, signal, say }: Bench): Promise<Row[]> {
  const run = ['run', 'jobs/pre-pull.yaml', '--results', join(dir, 'results'), '--quiet'];
  const workers = (count: string): ReturnType<typeof repeat<{ wallMs: number }>> => {
    say(`whole matrix, ${count} at a time`);
    return repeat(times, () => wallOf([...run, '--fresh', '--jobs', count], { signal }));
  };
  const one = await workers('1');
  const two = await workers('2');
  say('whole matrix, nothing changed');
  const unchanged = await repeat(times, () => busyguest(run, { signal }));
  const { deviceFacts: facts = {} } = await resultOf(dir, `patched-${device}`);
  const argv = splitWords(facts['qemu_argv'] ?? '');
  say('two bare QEMUs at once');
  const alone = await repeat(times, () => untilLastLine(argv, { signal }));
  const both = await repeat(times, () => atOnce(2, () => untilLastLine(argv, { signal })));
  return [
    {
      what: '2 bare QEMUs at once, patched',
      samples: both,
      against: `${(2 / (medianMs(both) / medianMs(alone))).toFixed(2)} x as fast as one after the other: the limit for 2 workers`,
    },
    { what: 'pre-pull matrix, 16 jobs, 1 worker', samples: one },
    {
      what: 'pre-pull matrix, 2 workers',
      samples: two,
      against: `${ratio(one, two)} as fast as 1`,
    },
    {
      what: 'pre-pull matrix, nothing changed',
      samples: unchanged,
      against: ratio(unchanged, two) + ' 2 workers',
    },
  ];
}

/** From the start of so many at once to the end of the last. */
async function atOnce(count: number, measure: () => Promise<Sample>): Promise<Sample> {
  const all = await Promise.all(Array.from({ length: count }, measure));
  return { wallMs: Math.max(...all.map(({ wallMs }) => wallMs)) };
}
