// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { installedFiles } from '../../src/images/selftests.js';
import { InfraError } from '../../src/model/errors.js';
import { ownCache } from './own-cache.js';

test('what a tree installed as its selftests leads to no other file, and has an end', async (context) => {
  const { dir } = await ownCache(context);
  const [secret, install] = [join(dir, 'secret'), join(dir, 'install')];
  for (const path of [secret, install]) await mkdir(path);
  await writeFile(join(secret, 'token'), 'canary');
  await mkdir(join(install, 'cgroup'));
  await writeFile(join(install, 'cgroup', 'test_cpu'), 'a test', { mode: 0o755 });
  await symlink(secret, join(install, 'folder'));
  await symlink(join(secret, 'token'), join(install, 'file'));
  execFileSync('mkfifo', [join(install, 'pipe')]);
  const files = await installedFiles(install, 'kselftest');
  assert.deepEqual(
    files.map(({ path, link }) => [path, link]),
    [
      ['kselftest/cgroup/test_cpu', undefined],
      ['kselftest/file', join(secret, 'token')],
      ['kselftest/folder', secret],
    ],
  );
  assert.ok(files.every(({ data }) => !Buffer.from(data).includes('canary')));
  const linked = join(dir, 'linked');
  await symlink(secret, linked);
  await assert.rejects(installedFiles(linked, 'kselftest'), InfraError);
  await writeFile(join(install, 'huge'), '');
  await truncate(join(install, 'huge'), 16 * 1024 ** 3);
  await assert.rejects(installedFiles(install, 'kselftest'), InfraError);
});

test('selftests without number, and one whose name is no text', async (context) => {
  const { dir } = await ownCache(context);
  const [many, odd] = [join(dir, 'many'), join(dir, 'odd')];
  for (const path of [many, odd]) await mkdir(path);
  for (let n = 0; n < 20_000; n++) writeFileSync(join(many, String(n)), '');
  await assert.rejects(installedFiles(many, 'kselftest'), /more than 20000 files/);
  writeFileSync(Buffer.from(`${odd}/\xff`, 'latin1'), '');
  await assert.rejects(installedFiles(odd, 'kselftest'), InfraError);
});
