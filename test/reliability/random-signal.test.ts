// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folder } from '../integration/cli.js';
import { interrupt, randomNumbers, undisturbed } from './random-signal.js';

// At random: BUSYGUEST_SEED=N repeats what a run of the tests has shown.
const seed = Number(process.env['BUSYGUEST_SEED'] ?? Date.now() % 2 ** 30);

test(`SIGINT, SIGTERM, SIGHUP at moments of seed ${seed}: 130, nothing left, --resume does the rest`, async (context) => {
  const results = await folder(context);
  const one = ['run', 'jobs/smoke.yaml', '--filter', 'device=qemu-pseries-p9'];
  const { expected, lines } = await undisturbed(one, results);
  const random = randomNumbers(seed);
  let inTime = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    // Near its end a run may be over before the signal comes.
    const moment = { signal, lines: 1 + random() * 0.8 * lines, delayMs: random() * 100 };
    context.diagnostic(`${signal} after ${Math.floor(moment.lines)} of ${lines} lines`);
    if (await interrupt(one, results, expected, moment)) inTime++;
  }
  assert.ok(inTime > 0, 'every signal came too late');
});
