// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { InfraError } from '../../src/model/errors.js';
import { cacheDir, exists, projectDir, withTemporary } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';
import type { Bench } from './bench.js';
import type { Row } from './figures.js';
import { device, prePullMatrix } from './pre-pull-matrix.js';
import { busyguest, type Timing } from './stopwatch.js';

/** Steps in the order in which they profit from each other: the row's name, and which kernel is run. */
const steps = [
  { what: 'build unpatched, no cache but the source', kernel: 'unpatched' },
  { what: 'build patched, after it', kernel: 'patched' },
  { what: 'build with one more file changed, after that', kernel: 'one-file' },
  { what: 'build with one more config symbol, after that', kernel: 'one-symbol' },
  { what: 'nothing changed', kernel: 'one-symbol' },
];

/** Whole commands, job included, each checkout with a cache of its own; once each: the first takes minutes. */
export async function builds({ dir, signal, say, beside }: Bench): Promise<Row[]> {
  const checkouts = [projectDir, ...(beside === undefined ? [] : [beside])];
  const matrix = await fourKernels(dir);
  const rows: Row[] = [];
  const firsts = new Map<string, Timing>();
  await withTemporary(`${cacheDir()}-bench`, async (caches) => {
    for (const checkout of checkouts) await linkSources(cacheOf(caches, checkout), signal);
    for (const { what, kernel } of steps) {
      const filter = `device=${device},kernel=${kernel}`;
      const results = join(dir, 'builds');
      const argv = ['run', matrix, '--filter', filter, '--results', results, '--quiet'];
      const ours: Timing[] = [];
      for (const checkout of checkouts) {
        const name = checkout === projectDir ? what : `${what}, of ${checkout}`;
        say(`${name} (minutes)`);
        // bubblewrap leaves before its init does, so that nobody is told of the CPU time in the cage.
        const env = { BUSYGUEST_CACHE: cacheOf(caches, checkout), BUSYGUEST_SANDBOX: 'off' };
        const sample = await busyguest(argv, { signal, env, project: checkout });
        const first = firsts.get(checkout) ?? sample;
        firsts.set(checkout, first);
        // Minutes of work: what is known is not lost by what comes after.
        say(`${name}: ${seconds(sample.wallMs)}, CPU time ${seconds(sample.cpuMs)}`);
        rows.push({ what: name, samples: [sample], against: against(sample, first, ours[0]) });
        ours.push(sample);
      }
    }
  });
  return rows;
}

/** Two checkouts may have folders of one name. */
const cacheOf = (caches: string, checkout: string): string =>
  join(caches, checkout === projectDir ? 'ours' : 'theirs');

/** Its share of the first build of the same checkout, and how it compares with this checkout's. */
function against(sample: Timing, first: Timing, ours: Timing | undefined): string {
  const share = `${percent(sample.wallMs, first.wallMs)} of the first, CPU time ${percent(sample.cpuMs, first.cpuMs)}`;
  if (ours === undefined) return share;
  return `${share}; ours takes ${percent(ours.cpuMs, sample.cpuMs)} of this CPU time`;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const percent = (ms: number, of: number): string => `${((100 * ms) / of).toFixed(1)} %`;

/** Sources, package lists and QEMU as they are here: fetching them is the network's time. */
async function linkSources(cache: string, signal: AbortSignal): Promise<void> {
  // Without it the first part would become the cache itself.
  await mkdir(cache);
  for (const part of ['sources', 'apt', 'qemu', 'machines']) {
    const from = join(cacheDir(), part);
    if (!(await exists(from))) continue;
    await run(['cp', '-al', from, cache], { stage: 'bench', signal });
  }
}

/** The matrix before a pull request with two more kernels: patched, and a comment added to one file; that, and a symbol. */
async function fourKernels(dir: string): Promise<string> {
  const patch = join(dir, 'one-file.patch');
  await writeFile(patch, await oneFilePatch('arch/powerpc/kvm/book3s_hv.c'));
  const matrix = await prePullMatrix();
  // What the oldest checkout understands, too.
  matrix.devices = [device];
  matrix.tests = [{ name: 'busy-guest', 'quota-us': 30_000, 'period-us': 100_000, seconds: 2 }];
  const patched = matrix.kernels.find((one) => one['name'] === 'patched');
  const oneFile = { ...patched, name: 'one-file', patches: [patch] };
  const config = join(dir, 'one-symbol.config');
  await writeFile(config, 'CONFIG_PANIC_ON_OOPS=y\n');
  matrix.kernels.push(oneFile, { ...oneFile, name: 'one-symbol', config: ['minimal', config] });
  const file = join(dir, 'builds.yaml');
  // A busy machine takes longer than an older checkout allows.
  await writeFile(file, stringify({ ...matrix, timeouts: { 'build-s': 36_000 } }));
  return file;
}

async function oneFilePatch(path: string): Promise<string> {
  for (const tree of await readdir(cacheDir('sources')).catch(() => [])) {
    const text = await readFile(join(cacheDir('sources'), tree, path), 'utf8').catch(() => '');
    const lines = text.split('\n').slice(0, 3);
    if (lines.length < 3) continue;
    const context = lines.map((line) => ` ${line}\n`);
    const head = `--- a/${path}\n+++ b/${path}\n@@ -1,3 +1,4 @@\n`;
    return `${head}${context[0]}+/* measured */\n${context[1]}${context[2]}`;
  }
  throw new InfraError('bench', 'no kernel tree in the cache', '"npm start" fetches one');
}
