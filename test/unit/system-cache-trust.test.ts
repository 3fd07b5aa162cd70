// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { findQemu } from '../../src/devices/qemu/binary.js';
import { InfraError } from '../../src/model/errors.js';
import { use } from '../../src/system/cache.js';
import { cacheDir, projectDir, userHome } from '../../src/system/files.js';
import { ownCache } from './own-cache.js';

const program = join(projectDir, 'bin/busyguest.mjs');
const notRoot = process.getuid?.() === 0 ? false : 'only root can give files away';

const isRefused = (fault: RegExp) => (error: unknown) =>
  error instanceof InfraError && error.stage === 'cache' && fault.test(error.message);

test('a cache that is made is for its user alone', async (context) => {
  const { cache } = await ownCache(context);
  cacheDir();
  assert.equal(statSync(cache).mode & 0o777, 0o700);
});

test('a cache that everybody, or a group, may write to is refused', async (context) => {
  for (const mode of [0o777, 0o1777, 0o775]) {
    const { cache } = await ownCache(context);
    mkdirSync(cache);
    if (notRoot === false) chownSync(cache, 0, 4242);
    chmodSync(cache, mode);
    assert.throws(() => cacheDir('kernels'), isRefused(/can be written by (?:everybody|group)/));
  }
});

test(
  'a cache of another user is refused, and one in a folder of his',
  { skip: notRoot },
  async (context) => {
    const { cache, dir } = await ownCache(context);
    mkdirSync(cache);
    chownSync(cache, 4242, 0);
    assert.throws(() => cacheDir(), isRefused(/belongs to user 4242/));
    chownSync(cache, 0, 0);
    chownSync(dir, 4242, 0);
    assert.throws(() => cacheDir(), isRefused(/lies in .*, which belongs to user 4242/));
    chownSync(dir, 0, 0);
    chmodSync(dir, 0o777);
    assert.throws(() => cacheDir(), isRefused(/lies in .*, which can be written by everybody/));
  },
);

test("another user's entry in a cache of ours is refused", { skip: notRoot }, async (context) => {
  await ownCache(context);
  const kernel = cacheDir('kernels', 'x');
  mkdirSync(kernel, { recursive: true });
  assert.ok(await use(kernel));
  chownSync(kernel, 4242, 0);
  await assert.rejects(use(kernel), isRefused(/belongs to user 4242/));
  chownSync(kernel, 0, 0);
  chmodSync(cacheDir('kernels'), 0o777);
  await assert.rejects(use(kernel), isRefused(/can be written by everybody/));
});

test(
  "another user's QEMU in the cache is not run, not even for its version",
  { skip: notRoot },
  async (context) => {
    const { dir } = await ownCache(context);
    const ran = join(dir, 'ran');
    const bin = cacheDir('qemu', 'evil', 'usr', 'bin');
    mkdirSync(bin, { recursive: true });
    const qemu = join(bin, 'qemu-system-ppc64');
    writeFileSync(qemu, `#!/bin/sh\ntouch ${ran}\necho QEMU emulator version 99.0.0\n`, {
      mode: 0o755,
    });
    chownSync(cacheDir('qemu', 'evil'), 4242, 0);
    await assert.rejects(findQemu(), isRefused(/belongs to user 4242/));
    assert.ok(!existsSync(ran));
  },
);

test('a cache that is refused is an infrastructure error, and no compiled module of it is loaded', async (context) => {
  const { cache } = await ownCache(context);
  mkdirSync(cache, { mode: 0o777 });
  chmodSync(cache, 0o777);
  const env = { ...process.env, BUSYGUEST_CACHE: cache };
  const run = (): void =>
    void execFileSync(process.execPath, [program, 'cache'], { env, stdio: 'pipe' });
  assert.throws(run, (error: { status: number; stderr: Buffer }) => {
    assert.equal(error.status, 69);
    return /what is in it would be run/.test(error.stderr.toString());
  });
  assert.deepEqual(await readdir(cache), []);
});

test('an empty HOME, or a relative folder, puts nothing into the folder where we are', (context) => {
  const names = ['HOME', 'XDG_CACHE_HOME', 'BUSYGUEST_CACHE'] as const;
  const before = names.map((name) => process.env[name]);
  context.after(() =>
    names.forEach((name, index) => {
      if (before[index] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[index];
    }),
  );
  process.env['HOME'] = '';
  process.env['XDG_CACHE_HOME'] = 'relative';
  delete process.env['BUSYGUEST_CACHE'];
  assert.match(userHome(), /^\//);
  assert.equal(cacheDir(), join(userHome(), '.cache', 'busyguest'));
});
