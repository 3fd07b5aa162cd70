// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { interruptible } from '../../src/cli/signals.js';
import { report as reportError } from '../../src/main.js';
import { UsageError } from '../../src/model/errors.js';
import type { Benchmark } from './bench.js';
import { builds } from './builds.js';
import { commands } from './commands.js';
import { describeComputer } from './computer.js';
import { markdownTable } from './figures.js';
import { prePull } from './matrix.js';
import { oneJob } from './one-job.js';
import { reader } from './reader.js';
import { report } from './report.js';
import { busyguest } from './stopwatch.js';

const benchmarks: Readonly<Record<string, Benchmark>> = {
  job: oneJob,
  matrix: prePull,
  commands,
  reader,
  report,
  builds,
};

const usage = `Usage: npm run bench -- [options]

Measures busyguest beside its peers and prints a table in Markdown. What is not installed is named in it.

Options:
  --times N    how often each thing is measured (default: 5)
  --only NAME  only this one; may be given more than once:
                 job       one job: bare QEMU, busyguest, LAVA's lava-run, virtme-ng
                 matrix    jobs/pre-pull.yaml with 1 and 2 workers, and with nothing changed
                 commands  --help, devices, plan, and parse of 100 MB
                 reader    busyguest parse beside kunit.py parse; the readers of a console
                 report    the reports of 200 jobs
                 builds    kernels with a cache of their own, once
  --beside DIR another checkout of busyguest, compiled: it takes turns in commands and builds
  --builds     builds too, which take minutes
  -h, --help   this text

Examples:
  npm run bench
  npm run bench -- --times 9 --only job
  npm run --silent bench -- --builds > table.md
`;

interface Options {
  readonly names: readonly string[];
  readonly times: number;
  readonly beside?: string;
}

/** What to do, or undefined for the help text. Throws UsageError. */
function optionsOf(argv: readonly string[]): Options | undefined {
  const { values } = parsed(argv);
  if (values.help) return undefined;
  const times = Number(values.times);
  if (!Number.isInteger(times) || times < 1)
    throw new UsageError(`--times ${values.times}: a number from 1 on is needed`);
  const known = Object.keys(benchmarks);
  const unknown = values.only.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`--only ${unknown}: is none of ${known.join(', ')}`);
  const asked = values.only.length > 0 ? values.only : known.filter((name) => name !== 'builds');
  const names = known.filter(
    (name) => asked.includes(name) || (name === 'builds' && values.builds),
  );
  const { beside } = values;
  return { names, times, ...(beside !== undefined && { beside }) };
}

function parsed(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        times: { type: 'string', default: '5' },
        only: { type: 'string', multiple: true, default: [] },
        beside: { type: 'string' },
        builds: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}

async function measure({ names, ...how }: Options, signal: AbortSignal): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-bench-'));
  const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
  try {
    if (names.some((name) => name === 'job' || name === 'matrix' || name === 'builds')) {
      say('kernels (they are built first where need be)');
      const results = join(dir, 'results');
      await busyguest(['run', 'jobs/pre-pull.yaml', '--results', results], { signal });
    }
    const computer = await describeComputer();
    const rows = [];
    for (const name of names)
      rows.push(...((await benchmarks[name]?.({ ...how, dir, signal, say })) ?? []));
    const once = names.includes('builds') ? '; builds once' : '';
    process.stdout.write(`${computer}; medians of ${how.times}${once}\n\n${markdownTable(rows)}`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

try {
  const options = optionsOf(process.argv.slice(2));
  if (options === undefined) process.stdout.write(usage);
  else await interruptible((signal) => measure(options, signal));
} catch (error) {
  process.exitCode = reportError(error);
}
