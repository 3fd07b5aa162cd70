// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { folder, latest, start, type Running } from './cli.js';

const filter = 'device=qemu-pseries-pr-p8,kernel=unpatched';

async function consoleOf(results: string, meanwhile: (run: Running) => Promise<void>) {
  const run = start([
    'run',
    'jobs/pre-pull.yaml',
    '--filter',
    filter,
    '--fresh',
    '--results',
    results,
  ]);
  await run.said(': boot');
  await meanwhile(run);
  const { code, stderr } = await run.ended;
  assert.equal(code, 0, stderr);
  const { jobs } = await latest(results);
  assert.equal(jobs[0]?.deviceFacts?.['repeats'], 'bytes');
  return readFile(join(results, 'latest', jobs[0]?.name ?? '', 'console.log'), 'utf8');
}

/** Signals every QEMU of a run; whether there was one. */
async function signal(run: Running, name: NodeJS.Signals): Promise<boolean> {
  const machines = await run.machines();
  for (const pid of machines) {
    try {
      process.kill(pid, name);
    } catch {
      // It has ended.
    }
  }
  return machines.length > 0;
}

// A kernel with a hash MMU: what QEMU keeps of its translations decides which exceptions it gets.
test('a machine that stands still now and then prints the same bytes', async (context) => {
  const dir = await folder(context);
  const usual = await consoleOf(join(dir, 'usual'), async () => {});
  let stops = 0;
  const halting = await consoleOf(join(dir, 'halting'), async (run) => {
    let goesOn = true;
    const end = run.ended.then(() => {
      goesOn = false;
    });
    while (goesOn) {
      if (await signal(run, 'SIGSTOP')) stops++;
      await sleep(110);
      await signal(run, 'SIGCONT');
      await sleep(25);
    }
    await end;
  });
  assert.ok(stops > 5, `${stops} stops`);
  assert.equal(halting, usual);
});
