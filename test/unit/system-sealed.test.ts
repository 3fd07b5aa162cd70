// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { InfraError } from '../../src/model/errors.js';
import { cacheDir, digestFile } from '../../src/system/files.js';
import { seal, sealedDigest } from '../../src/system/sealed.js';
import { ownCache } from './own-cache.js';

const isSwapped = (error: unknown): boolean =>
  error instanceof InfraError && error.stage === 'cache' && /is not what was/.test(error.message);

test('a kernel of the cache that was swapped is not booted, whatever its size and times say', async (context) => {
  await ownCache(context);
  const dir = cacheDir('kernels', 'x');
  const [kernel, other] = [join(dir, 'vmlinux'), join(dir, 'other')];
  await mkdir(dir, { recursive: true });
  await writeFile(kernel, 'unpatched');
  assert.equal(await seal(kernel), await digestFile(kernel));
  assert.equal(await sealedDigest(kernel), await digestFile(kernel));
  await writeFile(other, 'patched!!');
  for (const path of [kernel, other]) await utimes(path, 1, 1);
  await rename(other, kernel);
  await assert.rejects(sealedDigest(kernel), isSwapped);
  // What is made again is sealed again.
  await rm(kernel);
  await writeFile(join(dir, 'made'), 'patched!!');
  await seal(kernel, join(dir, 'made'));
  await rename(join(dir, 'made'), kernel);
  assert.equal(await sealedDigest(kernel), await digestFile(kernel));
});

test("what an older busyguest has left is sealed when it is used first; a user's own file is never", async (context) => {
  const { dir } = await ownCache(context);
  await mkdir(cacheDir('images'), { recursive: true });
  for (const [path, isSealed] of [
    [cacheDir('images', 'x.cpio'), true],
    [join(dir, 'own'), false],
  ] as const) {
    await writeFile(path, 'one');
    await sealedDigest(path);
    await writeFile(path, 'other');
    if (isSealed) await assert.rejects(sealedDigest(path), isSwapped);
    else assert.equal(await sealedDigest(path), await digestFile(path));
  }
});
