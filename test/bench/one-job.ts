// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { JobResult } from '../../src/model/result.js';
import { splitWords } from '../../src/system/shell-words.js';
import type { Bench } from './bench.js';
import { ratio, type Row, type Sample } from './figures.js';
import { device, kernels, prePullMatrix } from './pre-pull-matrix.js';
import { lavaRun } from './lava-run.js';
import { untilLastLine, wallOf } from './stopwatch.js';
import { virtmeNg } from './virtme-ng.js';

/** Measures some parts of one job, by their names. */
type Measure = (
  kernel: string,
  argv: readonly string[],
) => Promise<Readonly<Record<string, Sample>>>;

/** A program that starts the same machine; with `missing` it cannot, and says why and what installs it. */
export type Peer = { readonly missing: string } | { readonly measure: Measure };

/** One job on one machine: bare QEMU, busyguest, lava-run and virtme-ng, each as often, for both kernels. */
export async function oneJob(bench: Bench): Promise<Row[]> {
  const matrix = await twoDevices(bench.dir);
  const peers = {
    bare: bare(bench),
    busyguest: ours(bench, matrix),
    lava: await lavaRun(bench, matrix),
    virtme: await virtmeNg(bench),
  };
  const rows: Row[] = [];
  for (const kernel of kernels) {
    await wallOf(runOf(bench, matrix, filterOf(kernel)), bench);
    const { deviceFacts: facts = {} } = await resultOf(bench.dir, `${kernel}-${device}`);
    const argv = splitWords(facts['qemu_argv'] ?? '');
    const measured = new Map<string, Sample[]>();
    for (let round = 0; round < bench.times; round++) {
      bench.say(`one job, ${kernel}: ${round + 1} of ${bench.times}`);
      for (const peer of turned(Object.values(peers), round)) {
        const parts = 'measure' in peer ? await peer.measure(kernel, argv) : {};
        for (const [part, sample] of Object.entries(parts))
          measured.set(part, [...(measured.get(part) ?? []), sample]);
      }
    }
    rows.push(...rowsOf(kernel, measured, peers));
  }
  return rows;
}

/** The list from another place on each time: who comes after whom makes a difference. */
const turned = <T>(list: readonly T[], by: number): T[] => {
  const start = by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
};

const filterOf = (kernel: string): string => `device=${device},kernel=${kernel}`;

const bare = (bench: Bench): Peer => ({
  measure: async (_kernel, argv) => ({ bare: await untilLastLine(argv, bench) }),
});

const ours = (bench: Bench, matrix: string): Peer => ({
  measure: async (kernel) => {
    const command = await wallOf(runOf(bench, matrix, filterOf(kernel)), bench);
    const { timesMs } = await resultOf(bench.dir, `${kernel}-${device}`);
    return { command, job: { wallMs: (timesMs['boot'] ?? NaN) + (timesMs['test'] ?? NaN) } };
  },
});

/** The same machine, and the same started by lava-run. */
async function twoDevices(dir: string): Promise<string> {
  const matrix = await prePullMatrix();
  matrix.devices = [device, `lava-run-${device}`];
  const file = join(dir, 'one-job.yaml');
  await writeFile(file, stringify(matrix));
  return file;
}

/** Arguments of a run of those jobs that are not taken from an earlier one. */
export const runOf = ({ dir }: Bench, matrix: string, filter: string): string[] => [
  ...['run', matrix, '--filter', filter],
  ...['--results', join(dir, 'results'), '--fresh', '--quiet'],
];

/** A result of the newest run; the test of these matrices is `busy-guest`. */
export async function resultOf(dir: string, job: string): Promise<JobResult> {
  const file = join(dir, 'results', 'latest', `${job}-busy-guest`, 'status.json');
  return JSON.parse(await readFile(file, 'utf8')) as JobResult;
}

function rowsOf(
  kernel: string,
  measured: ReadonlyMap<string, Sample[]>,
  { lava, virtme }: { readonly lava: Peer; readonly virtme: Peer },
): Row[] {
  const row = (part: string, what: string, rival = ''): Row => {
    const samples = measured.get(part) ?? [];
    const its = measured.get(rival);
    const against = [
      part === 'bare' ? 'the limit' : `${ratio(samples, measured.get('bare') ?? [])} bare QEMU`,
      ...(its ? [`${ratio(samples, its)} lava-run`] : []),
    ];
    return { what: `${kernel}: ${what}`, samples, against: against.join(', ') };
  };
  return [
    row('bare', 'bare QEMU, same argv'),
    row('job', 'busyguest, boot and test', 'lavaJob'),
    row('command', 'busyguest, the whole command', 'lavaCommand'),
    ...('missing' in lava
      ? [{ what: `${kernel}: lava-run, the generated job`, missing: lava.missing }]
      : [
          row('lavaJob', 'lava-run, boot and test'),
          row('lavaCommand', 'lava-run, the whole command'),
        ]),
    'missing' in virtme
      ? { what: `${kernel}: virtme-ng`, missing: virtme.missing }
      : row('virtme', 'virtme-ng, the whole command, our initramfs'),
  ];
}
