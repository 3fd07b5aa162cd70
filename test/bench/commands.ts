// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectDir } from '../../src/system/files.js';
import type { Bench } from './bench.js';
import { median, medianMs, megabytesPerSecond, type Row } from './figures.js';
import { busyguest, type Timing } from './stopwatch.js';

const suites = 16_000;
const prePull = 'jobs/pre-pull.yaml';

/** 100 MB of KTAP with as many results as are kept: five cases a suite, each with diagnostics and console lines. */
function largeLog(): string {
  const parts = [`KTAP version 1\n1..${suites}\n`];
  for (let suite = 1; suite <= suites; suite++) {
    parts.push(`    KTAP version 1\n    # Subtest: suite_${suite}\n    1..5\n`);
    for (let number = 1; number <= 5; number++) {
      for (let line = 0; line < 24; line++) {
        parts.push(
          line % 4 === 0
            ? `[   12.${100_000 + line}] lib: message ${line} of case ${number}, nothing to see\n`
            : `    # expected ${suite * line} == ${number} at lib/test_${suite}.c:${line}\n`,
        );
      }
      parts.push(`    ok ${number} busy_guest_case_${number}\n`);
    }
    parts.push(`ok ${suite} suite_${suite}\n`);
  }
  return parts.join('');
}

/** Commands that build and boot nothing; in turn with those of another checkout where one is named. */
export async function commands({ times, dir, signal, say, beside }: Bench): Promise<Row[]> {
  const log = largeLog();
  const file = join(dir, 'large.ktap');
  await writeFile(file, log);
  // Each checkout plans its own: another may not know what is in ours.
  const lines: Readonly<Record<string, (root: string) => string[]>> = {
    '--help': () => ['--help'],
    devices: () => ['devices'],
    [`plan ${prePull}`]: (root) => ['plan', join(root, prePull)],
    'parse 100 MB of KTAP': () => ['parse', file],
  };
  const rows: Row[] = [];
  for (const [name, argvIn] of Object.entries(lines)) {
    const what = `busyguest ${name}`;
    say(what);
    const ours: Timing[] = [];
    const theirs: Timing[] = [];
    for (let turn = 0; turn < times; turn++) {
      ours.push(await busyguest(argvIn(projectDir), { signal }));
      if (beside === undefined) continue;
      theirs.push(await busyguest(argvIn(beside), { signal, project: beside }));
    }
    const speed = name.startsWith('parse') ? [megabytesPerSecond(log.length, medianMs(ours))] : [];
    const cpu = (samples: readonly Timing[]): number => median(samples.map(({ cpuMs }) => cpuMs));
    const other =
      beside === undefined ? [] : [`CPU time ${(cpu(ours) / cpu(theirs)).toFixed(2)} x`];
    rows.push({ what, samples: ours, against: [...speed, ...other].join(', ') });
    if (beside !== undefined) rows.push({ what: `${what}, of ${beside}`, samples: theirs });
  }
  return rows;
}
