// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { bootIdWord } from '../../src/devices/boot-id.js';
import type { Boot, Device, Watcher } from '../../src/devices/device.js';
import { InfraError } from '../../src/model/errors.js';
import { expectedConsole } from '../../src/pipeline/boot.js';
import { JobFiles } from '../../src/pipeline/job-files.js';
import { judgeWatched } from '../../src/pipeline/job-result.js';
import { watchJob, type Watched } from '../../src/pipeline/watch.js';
import { mounted, rootOnly } from '../integration/mount.js';
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

async function folder(context: TestContext): Promise<JobFiles> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return new JobFiles(dir);
}

interface WatchOptions {
  readonly files?: JobFiles;
  readonly phaseMs?: number;
  readonly firmwareMs?: number;
}

async function watch(
  context: TestContext,
  pieces: Iterable<string>,
  { files, phaseMs = 1, firmwareMs = 0 }: WatchOptions = {},
): Promise<Watched> {
  files ??= await folder(context);
  const job = { ...replayedJob, timeouts: { buildMs: 1, bootMs: phaseMs, testMs: phaseMs } };
  const { signal } = new AbortController();
  await files.writeJob(job);
  const device = { ...machineThatPrints(pieces), firmwareMs };
  return watchJob(job, device, boot, files, signal, () => {});
}

function* endless(limitBytes: number): Generator<string> {
  const piece = `${'noise '.repeat(1000)}\n`;
  for (let bytes = 0; bytes < limitBytes; bytes += piece.length) yield piece;
}

test('a machine that always has more to print comes to its deadline', async (context) => {
  const { exit } = await watch(context, endless(64 * 1024 ** 2));
  assert.equal(exit, 'deadline');
});

test('what the firmware may take comes before the boot deadline', async (context) => {
  const { exit } = await watch(context, endless(64 * 1024 ** 2), { firmwareMs: 3_600_000 });
  assert.equal(exit, 'lost');
});

test('a machine that prints what another boot printed is an ERROR, then and from its file', async (context) => {
  const files = await folder(context);
  const file = join(import.meta.dirname, '../../../test/fixtures/jobs/patched.console.log');
  const commandLine = ['panic=-1', bootIdWord('0123456789abcdef')];
  const own = { ...boot, commandLine };
  const device = machineThatPrints([await readFile(file, 'latin1')]);
  const { signal } = new AbortController();
  const watched = await watchJob(replayedJob, device, own, files, signal, () => {});
  assert.deepEqual(await files.readConsole(expectedConsole(replayedJob, own)), watched.findings);
  const { status, reason } = judgeWatched(replayedJob, device, watched, {}, false);
  assert.equal(status, 'ERROR');
  assert.match(reason, /^not this boot: .* names no boot, this is boot 0123456789abcdef$/);
});

test('what stood in the pipe when time was up still counts', async (context) => {
  const { exit } = await watch(context, endless(200_000));
  assert.equal(exit, 'lost');
});

test('a machine that floods the test is read to a bound, and its file again to the same', async (context) => {
  const files = await folder(context);
  function* flood(): Generator<string> {
    yield 'BUSYGUEST-START v1\n';
    for (let n = 0; n < 16_000; n++) yield `${'.'.repeat(15_000)}\n`;
  }
  const watched = await watch(context, flood(), { files, phaseMs: 3_600_000 });
  const { findings } = watched;
  assert.equal(findings.flooded, 'more than 64 MB or 1000000 lines between the marks');
  assert.ok((await stat(files.consolePath)).size < 65 * 1024 ** 2);
  assert.deepEqual(await files.readConsole({}), findings);
  await files.writeFindings(findings);
  const { status, reason } = judgeWatched(replayedJob, machineThatPrints([]), watched, {}, false);
  assert.equal(status, 'ERROR');
  assert.match(
    reason,
    /^test: more than 64 MB or 1000000 lines between the marks, the rest was not read; last line: \.\.\./,
  );
});

test(
  'the disk is full while firmware prints: an error of the job, told when its machine is off',
  rootOnly,
  async (context) => {
    const disk = await mounted(context, 'size=256k');
    if (disk === undefined) return;
    const files = new JobFiles(disk);
    const ballast = join(disk, 'ballast');
    const told: string[] = [];
    const printing = (ending: () => Promise<void>): Device => {
      const device = machineThatPrints(['a console\n']);
      return {
        ...device,
        async start(from: Boot, signal: AbortSignal, watcher: Watcher, job) {
          await writeFile(ballast, Buffer.alloc(64 * 1024));
          for (let n = 0; n < 100; n++) watcher.firmware(Buffer.alloc(10_000, '.'));
          while ((await statfs(disk)).bavail > 0) await setImmediate();
          // The write that finds no more room is the next one. Then there is room again for the console.
          for (let n = 0; n < 100; n++) await statfs(disk);
          await rm(ballast);
          await ending();
          const machine = await device.start(from, signal, watcher, job);
          return {
            ...machine,
            [Symbol.asyncDispose]() {
              told.push('off');
              return Promise.resolve();
            },
          };
        },
      };
    };
    const { signal } = new AbortController();
    const watched = (device: Device): Promise<unknown> =>
      watchJob(replayedJob, device, boot, files, signal, () => {}).catch((error: unknown) => {
        assert.ok(error instanceof InfraError, String(error));
        told.push(`${error.stage}: ${error.message}; ${error.todo}`);
      });
    await watched(printing(() => Promise.resolve()));
    assert.deepEqual(told.splice(0), [
      'off',
      `results: no space left on the device (${files.firmwarePath}); free some space, or point --results to a larger disk`,
    ]);
    await watched(printing(() => Promise.reject(new InfraError('boot', 'no prompt', 'ask it'))));
    assert.deepEqual(told, ['boot: no prompt; ask it']);
  },
);
