// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../src/model/result.js';
import { busyguest, latest, machinesGone, start } from '../integration/cli.js';

/** Numbers from 0 to below 1 that are the same for a seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** When a run is to get which signal: after so many lines (1 at least) of its consoles, and milliseconds more. */
export interface Moment {
  readonly signal: NodeJS.Signals;
  readonly lines: number;
  readonly delayMs: number;
}

/** What two runs of one matrix have in common: statuses everywhere, numbers where machines repeat to the byte. */
function comparable({ jobs, overall }: RunResult): unknown {
  const rows = jobs.map(({ name, device, status, faults, cases }) => {
    const repeats = device.includes('pseries');
    const caseRows = cases.map((one) => [one.name, one.status, repeats ? one.metrics : []]);
    return [name, status, faults, caseRows];
  });
  return [overall, rows];
}

/** A run that nobody disturbs (args: "run" and its matrix): its results, and how many lines its consoles have. */
export async function undisturbed(
  args: readonly string[],
  results: string,
): Promise<{ readonly expected: unknown; readonly lines: number }> {
  const { code, stderr } = await busyguest(...args, '--results', results, '--quiet');
  assert.equal(code, 0, stderr);
  const run = await latest(results);
  const consoles = run.jobs.map(({ name }) =>
    readFile(join(results, 'latest', name, 'console.log'), 'utf8'),
  );
  const lines = (await Promise.all(consoles)).join('').split('\n').length;
  return { expected: comparable(run), lines };
}

/**
 * Sends such a run a signal in its middle and goes on with --resume. Throws where the exit code is wrong, a QEMU
 * is left, a lock is in the way or the results are not the expected ones. False: the run had ended before.
 */
export async function interrupt(
  args: readonly string[],
  results: string,
  expected: unknown,
  { signal, lines, delayMs }: Moment,
): Promise<boolean> {
  const running = start([...args, '--fresh', '--results', results, '--verbose']);
  await running.saidLines(lines);
  await sleep(delayMs);
  running.kill(signal);
  const { code, stderr } = await running.ended;
  await machinesGone(running);
  if (code === 0) return false;
  if (signal !== 'SIGKILL') assert.equal(code, 130, stderr.slice(-2000));
  const runs = (await readdir(results)).filter((name) => /^\d{8}-\d{6}-/.test(name)).sort();
  const resumed = await busyguest(
    ...['run', '--resume', join(results, runs.at(-1) ?? ''), '--fresh', '--quiet'],
  );
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.doesNotMatch(resumed.stderr, /process \d+ /, 'a lock is in the way');
  assert.deepEqual(comparable(await latest(results)), expected);
  return true;
}
