// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdir, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { digestFile } from '../../src/system/files.js';
import { cachedDigest, fileFacts } from '../../src/system/file-facts.js';
import { aMinuteLater, ownCache, streamsRead } from './own-cache.js';

test('known: a file is read once; again when it is another one, though as long and as old', async (context) => {
  const { dir } = await ownCache(context);
  aMinuteLater(context);
  const read = streamsRead(context);
  const [file, other] = [join(dir, 'file'), join(dir, 'other')];
  await writeFile(file, 'one');
  const digest = await cachedDigest(file);
  assert.equal(await cachedDigest(file), digest);
  assert.deepEqual(read(), [file]);
  assert.equal(digest, await digestFile(file));
  const { atime, mtime } = await stat(file);
  await writeFile(other, 'two');
  await utimes(other, atime, mtime);
  await rename(other, file);
  const second = await cachedDigest(file);
  assert.notEqual(second, digest);
  assert.equal(second, await digestFile(file));
  await assert.rejects(cachedDigest(join(dir, 'none')), /ENOENT/);
});

test('known: of a file that was just written nothing is kept: it can change without a sign', async (context) => {
  const { dir, cache } = await ownCache(context);
  const file = join(dir, 'file');
  for (const text of ['one', 'two', 'six']) {
    await writeFile(file, text);
    await utimes(file, 1, 1);
    assert.equal(await cachedDigest(file), await digestFile(file));
  }
  await assert.rejects(readdir(join(cache, 'known')), /ENOENT/);
});

test('known: each thing by itself; what does not stay, and what cannot be kept, is found again', async (context) => {
  const { dir, cache } = await ownCache(context);
  aMinuteLater(context);
  const file = join(dir, 'file');
  await writeFile(file, '');
  let found = 0;
  const find = (what: string, stays = true): Promise<number> =>
    fileFacts(what, [file], () => Promise.resolve({ value: (found += 1), stays }));
  assert.deepEqual([await find('a'), await find('a'), await find('b')], [1, 1, 2]);
  assert.deepEqual([await find('c', false), await find('c'), await find('c')], [3, 4, 4]);
  for (const name of await readdir(join(cache, 'known')))
    await writeFile(join(cache, 'known', name), '{"val');
  assert.equal(await find('a'), 5);
  await writeFile(join(dir, 'no-folder'), '');
  process.env['BUSYGUEST_CACHE'] = join(dir, 'no-folder');
  assert.deepEqual([await find('a'), await find('a')], [6, 7]);
});
