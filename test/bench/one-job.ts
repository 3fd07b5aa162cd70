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

/** A program that starts the same machine; with `missing` it cannot, and says why and what installs it. */
export type Peer<T> = { readonly missing: string } | { readonly measure: Measure<T> };
/** @param kernel the kernel's name in the matrix; @param argv of QEMU, as busyguest calls it */
export type Measure<T> = (kernel: string, argv: readonly string[]) => Promise<T>;

/** What one round has measured. */
interface Round {
  readonly whole: Sample;
  readonly job: Sample;
  readonly bare: Sample;
  readonly lava?: { readonly whole: Sample; readonly machine: Sample };
  readonly virtme?: Sample;
}

/** One job on one machine, the kernels in turn: bare QEMU, busyguest, lava-run, virtme-ng, one after another. */
export async function oneJob(bench: Bench): Promise<Row[]> {
  const matrix = await twoDevices(bench.dir);
  const lava = await lavaRun(bench, matrix);
  const virtme = await virtmeNg(bench);
  const rows: Row[] = [];
  for (const kernel of kernels) {
    const rounds: Round[] = [];
    while (rounds.length < bench.times) {
      bench.say(`one job, ${kernel}: ${rounds.length + 1} of ${bench.times}`);
      const filter = `device=${device},kernel=${kernel}`;
      const how = { signal: bench.signal };
      const whole = await wallOf(runOf(bench, matrix, filter), how);
      const { timesMs, facts } = await resultOf(bench.dir, `${kernel}-${device}`);
      const argv = splitWords(facts['qemu_argv'] ?? '');
      rounds.push({
        whole,
        job: { wallMs: (timesMs['boot'] ?? NaN) + (timesMs['test'] ?? NaN) },
        bare: await untilLastLine(argv, how),
        ...('measure' in lava && { lava: await lava.measure(kernel, argv) }),
        ...('measure' in virtme && { virtme: await virtme.measure(kernel, argv) }),
      });
    }
    rows.push(...rowsOf(kernel, rounds, lava, virtme));
  }
  return rows;
}

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
  rounds: readonly Round[],
  lava: Peer<unknown>,
  virtme: Peer<unknown>,
): Row[] {
  const bare = rounds.map((round) => round.bare);
  const job = rounds.map((round) => round.job);
  const whole = rounds.map((round) => round.whole);
  const lavaWhole = rounds.flatMap((round) => round.lava?.whole ?? []);
  const machine = rounds.flatMap((round) => round.lava?.machine ?? []);
  const virtmes = rounds.flatMap((round) => round.virtme ?? []);
  const toBare = (samples: readonly Sample[]): string => `${ratio(samples, bare)} bare QEMU`;
  const toLava = (samples: readonly Sample[], its: readonly Sample[]): string =>
    its.length === 0 ? '' : `, ${ratio(samples, its)} lava-run`;
  return [
    { what: `${kernel}: bare QEMU, same argv`, samples: bare, against: 'the limit' },
    {
      what: `${kernel}: busyguest, boot and test`,
      samples: job,
      against: toBare(job) + toLava(job, machine),
    },
    {
      what: `${kernel}: busyguest, the whole command`,
      samples: whole,
      against: toBare(whole) + toLava(whole, lavaWhole),
    },
    ...('missing' in lava
      ? [{ what: `${kernel}: lava-run, its generated job`, missing: lava.missing }]
      : [
          {
            what: `${kernel}: lava-run, boot and test`,
            samples: machine,
            against: toBare(machine),
          },
          {
            what: `${kernel}: lava-run, the whole command`,
            samples: lavaWhole,
            against: toBare(lavaWhole),
          },
        ]),
    'missing' in virtme
      ? { what: `${kernel}: virtme-ng`, missing: virtme.missing }
      : {
          what: `${kernel}: virtme-ng, whole command, our initramfs`,
          samples: virtmes,
          against: toBare(virtmes),
        },
  ];
}
