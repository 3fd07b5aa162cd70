// SPDX-License-Identifier: MIT
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheDir, exists } from '../../src/system/files.js';
import { firstLine, run } from '../../src/system/processes.js';
import type { Bench } from './bench.js';
import { medianMs, megabytesPerSecond, ratio, type Row, type Sample } from './figures.js';
import { readerNames, type Reading } from './console-readers.js';
import { busyguest, repeat, timed } from './stopwatch.js';

const suites = 20_000;
const consoleBytes = 200e6;

/** A KTAP log as both sides read it: so many suites of five cases, each with diagnostics. */
function ktapLog(): string {
  const oneCase = (suite: number, number: number): string =>
    `    # metric: overrun_ratio 0.999 ratio\n    # clock: ${suite * 1000 + number} us\n` +
    `    ok ${number} busy_guest_case_${number}\n`;
  const parts = [`KTAP version 1\n1..${suites}\n`];
  for (let suite = 1; suite <= suites; suite++) {
    const cases = [1, 2, 3, 4, 5].map((number) => oneCase(suite, number)).join('');
    const head = `    KTAP version 1\n    # Subtest: suite_${suite}\n    1..5\n`;
    parts.push(`${head}${cases}ok ${suite} suite_${suite}\n`);
  }
  return parts.join('');
}

/** `busyguest parse` and the kernel's kunit.py on the same file; then the readers on a console. */
export async function reader(bench: Bench): Promise<Row[]> {
  const { times, dir, signal, say } = bench;
  const log = ktapLog();
  const file = join(dir, 'log.ktap');
  await writeFile(file, log);
  const speed = (samples: readonly Sample[]): string =>
    megabytesPerSecond(log.length, medianMs(samples));
  const what = `${(log.length / 1e6).toFixed(0)} MB of KTAP`;
  say(`reader: ${what} by busyguest parse`);
  const ours = await repeat(times, () => busyguest(['parse', file], { signal }));
  const command = await kunit();
  if (typeof command === 'string') {
    return [
      { what: `${what}: busyguest parse`, samples: ours, against: speed(ours) },
      { what: `${what}: kunit.py parse`, missing: command },
      ...(await consoles(bench)),
    ];
  }
  say(`reader: ${what} by kunit.py parse`);
  // Nothing is left in the kernel tree.
  const env = { PYTHONPYCACHEPREFIX: join(dir, 'pycache') };
  const its = await repeat(times, () => timed([...command, file], { signal, env }));
  const against = `${speed(ours)}, ${ratio(ours, its)} kunit.py's time`;
  return [
    { what: `${what}: busyguest parse`, samples: ours, against },
    { what: `${what}: kunit.py parse`, samples: its, against: speed(its) },
    ...(await consoles(bench)),
  ];
}

/** How kunit.py of a kernel tree in the cache is called; a text says why it cannot be. */
async function kunit(): Promise<string[] | string> {
  if ((await firstLine(['python3', '--version'])) === undefined)
    return 'no python3 here: install it (apt-get install python3)';
  const sources = cacheDir('sources');
  for (const tree of await readdir(sources).catch(() => [])) {
    const program = join(sources, tree, 'tools/testing/kunit/kunit.py');
    if (await exists(program)) return ['python3', program, 'parse'];
  }
  return 'no kernel tree in the cache: "npm start" fetches one';
}

const program = fileURLToPath(new URL('read-console.js', import.meta.url));

/** Each reader on a real console, over and over, in a process of its own. */
async function consoles({ times, signal, say }: Bench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const name of readerNames) {
    say(`reader: ${name}`);
    const runs = await repeat(times, async () => {
      const argv = [process.execPath, program, name, String(consoleBytes)];
      const { stdout } = await run(argv, { stage: 'bench', signal });
      return JSON.parse(stdout) as Reading;
    });
    const memory = Math.max(...runs.map(({ residentBytes }) => residentBytes)) / 1e6;
    const against = `${megabytesPerSecond(consoleBytes, medianMs(runs))}, ${memory.toFixed(0)} MB resident`;
    rows.push({ what: `${consoleBytes / 1e6} MB of console: ${name}`, samples: runs, against });
  }
  return rows;
}
