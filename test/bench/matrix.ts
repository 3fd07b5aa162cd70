// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { Bench } from './bench.js';
import { ratio, type Row } from './figures.js';
import { busyguest, repeat, wallOf } from './stopwatch.js';

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
  return [
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

/** How long the command line takes to say anything. */
export async function help({ times, signal, say }: Bench): Promise<Row[]> {
  say('--help');
  const samples = await repeat(times, () => busyguest(['--help'], { signal }));
  return [{ what: 'busyguest --help', samples }];
}
