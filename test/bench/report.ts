// SPDX-License-Identifier: MIT
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sample as CpuSample } from '../../src/model/result.js';
import { pairRun, samplesOf, writeRun } from '../unit/reports-html-run.js';
import type { Bench } from './bench.js';
import { ratio, type Row } from './figures.js';
import { busyguest, repeat } from './stopwatch.js';

const devices = 100;

/** The reports of 200 jobs, a pair of kernels on 100 devices: with every plot drawn, and with the plots of last time. */
export async function report({ times, dir, signal, say }: Bench): Promise<Row[]> {
  const run = await manyJobs(join(dir, 'many-jobs'));
  const cache = join(dir, 'plots');
  const files = ['tap', 'junit', 'markdown', 'kcidb'].map((name) => `${name}=${join(dir, name)}`);
  const argv = ['report', run, '--html', '--report', files.join(',')];
  const make = (): ReturnType<typeof busyguest> =>
    busyguest(argv, { signal, env: { BUSYGUEST_CACHE: cache } });
  say('reports of 200 jobs, plots drawn');
  const drawn = await repeat(times, async () => {
    await rm(cache, { recursive: true, force: true });
    return make();
  });
  say('reports of 200 jobs, plots known');
  const known = await repeat(times, make);
  const what = 'reports of 200 jobs (html, tap, junit, markdown, kcidb)';
  return [
    { what: `${what}, all plots drawn`, samples: drawn },
    {
      what: `${what}, plots known`,
      samples: known,
      against: `${ratio(known, drawn)} drawing them`,
    },
  ];
}

async function manyJobs(dir: string): Promise<string> {
  const run = pairRun(Array.from({ length: devices }, (_, number) => `device-${number}`));
  await writeRun(dir, run);
  for (const [number, { name, status }] of run.jobs.entries()) {
    // No two jobs have the same picture.
    const samples = samplesOf(status === 'FAIL').map((one): CpuSample => ({
      ...one,
      usageUs: one.usageUs + number,
    }));
    await writeFile(join(dir, name, 'samples.json'), JSON.stringify(samples));
  }
  return dir;
}
