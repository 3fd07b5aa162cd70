// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Boot, Device } from '../../src/devices/device.js';
import { JobFiles } from '../../src/pipeline/job-files.js';
import { watchJob, type Watched } from '../../src/pipeline/watch.js';
import { replayedJob } from './replay-sample.js';

const boot: Boot = {
  kernel: '',
  initramfs: '',
  commandLine: [],
  payloadArgs: [],
  cpus: 1,
};

/** A machine whose every piece is there before it is asked for, as when it prints faster than we read. */
function machineThatPrints(pieces: Iterable<string>): Device {
  // eslint-disable-next-line @typescript-eslint/require-await -- a console is asynchronous
  async function* print(): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  return {
    name: 'd',
    title: '',
    promised: {},
    missing: () => Promise.resolve([]),
    inputs: () => Promise.resolve(undefined),
    start: () =>
      Promise.resolve({
        facts: {},
        console: print(),
        exited: Promise.resolve({ reason: 'lost' as const, message: 'it had nothing more to say' }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}

async function watch(context: TestContext, pieces: Iterable<string>): Promise<Watched> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  const job = { ...replayedJob, timeouts: { buildMs: 1, bootMs: 1, testMs: 1 } };
  const { signal } = new AbortController();
  const files = new JobFiles(dir);
  await files.writeJob(job);
  return watchJob(job, machineThatPrints(pieces), boot, files, signal, () => {});
}

function* endless(limitBytes: number): Generator<string> {
  const piece = `${'noise '.repeat(1000)}\n`;
  for (let bytes = 0; bytes < limitBytes; bytes += piece.length) yield piece;
}

test('a machine that always has more to print comes to its deadline', async (context) => {
  const { exit } = await watch(context, endless(64 * 1024 ** 2));
  assert.equal(exit, 'deadline');
});

test('what stood in the pipe when time was up still counts', async (context) => {
  const { exit } = await watch(context, endless(200_000));
  assert.equal(exit, 'lost');
});
