// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { InfraError, InterruptedError } from '../../src/model/errors.js';
import { digest, makeFolderWhole, writeWhole } from '../../src/system/files.js';
import { livingOwner, withLock } from '../../src/system/lock.js';
import { ownerOfPid, self } from '../../src/system/owner.js';
import { run } from '../../src/system/processes.js';

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test('a missing program is an InfraError that points to doctor', async () => {
  await assert.rejects(run(['no-such-program-of-busyguest'], { stage: 'build' }), (error) => {
    assert.ok(error instanceof InfraError);
    assert.match(error.message, /program not found/);
    return /doctor/.test(error.todo ?? '');
  });
});

test('a failing program brings the tail of what it said', async () => {
  await assert.rejects(
    run(['sh', '-c', 'echo first; echo why >&2; exit 3'], { stage: 'x' }),
    (error) => {
      assert.ok(error instanceof InfraError);
      assert.match(error.message, /exit code 3/);
      return error.logTail.join(' ').includes('why');
    },
  );
});

test('a full disk is said to be one', async () => {
  const script = 'echo "cc1: fatal error: error writing: No space left on device" >&2; exit 1';
  await assert.rejects(run(['sh', '-c', script], { stage: 'build' }), /no space left/);
});

test('an abort ends the program and its children', async (context) => {
  const file = join(await folder(context), 'pid');
  const controller = new AbortController();
  const work = run(['sh', '-c', `sleep 1000 & echo $! > ${file}; wait`], {
    stage: 'x',
    signal: controller.signal,
  });
  let pid = '';
  while (!/\n/.test(pid)) pid = await readFile(file, 'utf8').catch(() => '');
  controller.abort();
  await assert.rejects(work, InterruptedError);
  while (ownerOfPid(Number(pid)) !== undefined) await new Promise(setImmediate);
});

test('lines are heard in order while a program runs', async () => {
  const lines: string[] = [];
  await run(['sh', '-c', 'echo a; echo b; echo c'], {
    stage: 'x',
    onLine: (line) => lines.push(line),
  });
  assert.deepEqual(lines, ['a', 'b', 'c']);
});

test('a folder is whole or not there', async (context) => {
  const dir = await folder(context);
  const broken = makeFolderWhole(join(dir, 'x'), async (temporary) => {
    await writeFile(join(temporary, 'half'), '');
    throw new Error('in the middle');
  });
  await assert.rejects(broken, /in the middle/);
  assert.deepEqual(await readdir(dir), []);
  await makeFolderWhole(join(dir, 'x'), (temporary) => writeFile(join(temporary, 'all'), ''));
  assert.deepEqual(await readdir(join(dir, 'x')), ['all']);
});

test('a file that cannot be written leaves the old one and no rest', async (context) => {
  const dir = await folder(context);
  await writeWhole(join(dir, 'f'), 'old');
  await assert.rejects(writeWhole(join(dir, 'f'), { length: 1 } as Uint8Array));
  assert.equal(await readFile(join(dir, 'f'), 'utf8'), 'old');
  assert.deepEqual(await readdir(dir), ['f']);
});

test('a digest knows where one part ends and the next begins', () => {
  assert.notEqual(digest('ab', 'c'), digest('a', 'bc'));
});

test('a lock lets one in at a time, and a dead owner is no hindrance', async (context) => {
  const lock = join(await folder(context), 'lock');
  const itsPidAgain = self.replace(/-\d+-/, '-1-');
  await writeFile(lock, `${itsPidAgain}\n`);
  const { signal } = new AbortController();
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    inside--;
  };
  await Promise.all([1, 2, 3].map(() => withLock(lock, signal, () => {}, work)));
  assert.equal(most, 1);
});

test('a lock of another container holds while it gives signs of life, and no longer', async (context) => {
  const lock = join(await folder(context), 'lock');
  await writeFile(lock, '7-4567-1-0a0b0c0d\n');
  assert.equal(await livingOwner(lock), 7);
  const then = new Date(Date.now() - 61_000);
  await utimes(lock, then, then);
  assert.equal(await livingOwner(lock), undefined);
  let told = 0;
  const { signal } = new AbortController();
  assert.equal(
    await withLock(
      lock,
      signal,
      () => told++,
      () => Promise.resolve('in'),
    ),
    'in',
  );
  assert.equal(told, 0);
});
