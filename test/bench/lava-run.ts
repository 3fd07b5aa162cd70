// SPDX-License-Identifier: MIT
import { readlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { bootStarts } from '../../src/labs/lava/log.js';
import { whyNoLavaRun } from '../../src/devices/lava/lava-run-device.js';
import { ownNamespaces } from '../../src/devices/lava/lava-run-machine.js';
import { readLogLine } from '../../src/labs/lava/log.js';
import { InfraError } from '../../src/model/errors.js';
import { cacheDir } from '../../src/system/files.js';
import { labRootThere, lavaRunOf, whyNoLab } from '../lava/lab-root.js';
import type { Bench } from './bench.js';
import type { Sample } from './figures.js';
import { resultOf, runOf, type Peer } from './one-job.js';
import { device as machine, kernels } from './pre-pull-matrix.js';
import { busyguest, timed, type Timed } from './stopwatch.js';

/** LAVA's lava-run on the jobs that busyguest generates for it: the system's, or that of the tests' root. */
export async function lavaRun(bench: Bench, matrix: string): Promise<Peer> {
  const { dir, signal, say } = bench;
  const env = await environment(bench);
  if (typeof env === 'string') return { missing: env };
  say('one job: busyguest generates the jobs for lava-run');
  const device = `lava-run-${machine}`;
  await busyguest(runOf(bench, matrix, `device=${device}`), { signal, env });
  for (const kernel of kernels) {
    const { decidedBy, reason } = await resultOf(dir, `${kernel}-${device}`);
    if (decidedBy === 'infrastructure') return { missing: `it fails: ${reason}` };
  }
  // `latest` moves on.
  const results = join(dir, 'results');
  const jobs = resolve(results, await readlink(join(results, 'latest')));
  return {
    measure: (kernel, [qemu = '']) => {
      const files = join(jobs, `${kernel}-${device}-busy-guest`, 'lava-run');
      // LAVA asks the QEMU of the PATH for its version, whatever the device says.
      const PATH = `${dirname(qemu)}:${env['PATH'] ?? ''}`;
      return measure(files, { signal, env: { ...env, PATH } });
    },
  };
}

/** What lava-run needs to be found and to see our files; a text says why there is none. */
async function environment({ dir, signal }: Bench): Promise<Record<string, string> | string> {
  const why = await whyNoLavaRun();
  if (why.length === 0) return { PATH: process.env['PATH'] ?? '' };
  const root = (await whyNoLab()) === undefined ? await labRootThere(signal) : undefined;
  if (root !== undefined) return lavaRunOf(root, [cacheDir(), dir], dir);
  return `${why.join('; ')}; or, as root, "npm run test:lava", which leaves one in the cache`;
}

async function measure(files: string, how: Timed): Promise<Record<string, Sample>> {
  const flags = ['--device', join(files, 'device.yaml'), '--job-id', '1'];
  const out = ['--output-dir', join(files, 'out')];
  const argv = [...ownNamespaces, 'lava-run', ...flags, ...out, join(files, 'job.yaml')];
  const { wallMs, stderr } = await timed(argv, how);
  return { lavaCommand: { wallMs }, lavaJob: { wallMs: machineMs(stderr) } };
}

/** From the line of lava-run's log that starts the machine to the payload's last, milliseconds. */
function machineMs(log: string): number {
  let startMs = NaN;
  for (const text of log.split('\n')) {
    const message = String(readLogLine(text).message);
    const dateMs = Date.parse(`${/"dt": "([^"]+)"/.exec(text)?.[1] ?? ''}Z`);
    if (bootStarts.test(message)) startMs = dateMs;
    if (/^BUSYGUEST-END \d+/.test(message)) return dateMs - startMs;
  }
  throw new InfraError('bench', "no BUSYGUEST-END in lava-run's log", undefined, [log.slice(-500)]);
}
