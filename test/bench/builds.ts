// SPDX-License-Identifier: MIT
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { InfraError } from '../../src/model/errors.js';
import { cacheDir, exists, withTemporary } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';
import type { Bench } from './bench.js';
import { medianMs, type Row } from './figures.js';
import { device, prePullMatrix } from './pre-pull-matrix.js';
import { busyguest } from './stopwatch.js';

/** Steps in the order in which they profit from each other: the row's name, and which kernel is run. */
const steps = [
  { what: 'build unpatched, no cache but the source', kernel: 'unpatched' },
  { what: 'build patched, after it', kernel: 'patched' },
  { what: 'build with one more file changed, after that', kernel: 'one-file' },
  { what: 'build with one more config symbol, after that', kernel: 'one-symbol' },
  { what: 'nothing changed', kernel: 'one-symbol' },
];

/** Whole commands, job included, with a cache of their own; once each: the first takes minutes. */
export async function builds({ dir, signal, say }: Bench): Promise<Row[]> {
  const matrix = await fourKernels(dir);
  const rows: Row[] = [];
  await withTemporary(`${cacheDir()}-bench`, async (cache) => {
    await linkSources(cache, signal);
    for (const { what, kernel } of steps) {
      say(`${what} (minutes)`);
      const filter = `device=${device},kernel=${kernel}`;
      const argv = ['run', matrix, '--filter', filter, '--results', join(dir, 'builds'), '--quiet'];
      const sample = await busyguest(argv, { signal, env: { BUSYGUEST_CACHE: cache } });
      const [first] = rows;
      const base = first && 'samples' in first ? first.samples : [sample];
      const cpu = percent(sample.cpuMs, base[0]?.cpuMs);
      const against = `${percent(sample.wallMs, medianMs(base))} of the first, CPU time ${cpu}`;
      rows.push({ what, samples: [sample], ...(first && { against }) });
    }
  });
  return rows;
}

const percent = (ms = NaN, of = NaN): string => `${((100 * ms) / of).toFixed(1)} %`;

/** Sources, package lists and QEMU as they are here: fetching them is the network's time. */
async function linkSources(cache: string, signal: AbortSignal): Promise<void> {
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
  const patched = matrix.kernels.find((one) => one['name'] === 'patched');
  const oneFile = { ...patched, name: 'one-file', patches: [patch] };
  const config = join(dir, 'one-symbol.config');
  await writeFile(config, 'CONFIG_PANIC_ON_OOPS=y\n');
  matrix.kernels.push(oneFile, { ...oneFile, name: 'one-symbol', config: ['minimal', config] });
  const file = join(dir, 'builds.yaml');
  await writeFile(file, stringify(matrix));
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
