// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { access, copyFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { InfraError } from '../../src/model/errors.js';
import { run } from '../../src/system/processes.js';
import { firstLineOf, programPath, says } from '../../src/system/program.js';
import { aMinuteLater, ownCache } from './own-cache.js';

test('a program is asked once, again when it is another; a script each time', async (context) => {
  const { dir } = await ownCache(context);
  aMinuteLater(context);
  // date says something else every time that it is asked.
  const date = (await programPath('date')) ?? '';
  const [program, script] = [join(dir, 'program'), join(dir, 'script')];
  await copyFile(date, program);
  const first = await says([program, '+%s.%N']);
  assert.equal(await says([program, '+%s.%N']), first);
  assert.notEqual(await says([program, '+%N.%s']), first);
  await utimes(program, 1, 1);
  assert.notEqual(await says([program, '+%s.%N']), first);
  await writeFile(script, '#!/bin/sh\nexec date +%s.%N\n', { mode: 0o755 });
  assert.notEqual(await says([script]), await says([script]));
  await rm(program);
  await assert.rejects(says([program, '+%s.%N']), InfraError);
  assert.equal(await firstLineOf([program]), undefined);
});

test('a program is found as a shell would find it', async (context) => {
  const { dir } = await ownCache(context);
  await writeFile(join(dir, 'not-for-running'), '');
  const before = process.env['PATH'];
  context.after(() => (process.env['PATH'] = before));
  process.env['PATH'] = `${dir}:${before ?? ''}`;
  assert.equal(await programPath('not-for-running'), undefined);
  assert.match((await programPath('sh')) ?? '', /\/sh$/);
  await writeFile(join(dir, 'sh'), '', { mode: 0o755 });
  assert.equal(await programPath('sh'), join(dir, 'sh'));
  assert.equal(await programPath(join(dir, 'sh')), join(dir, 'sh'));
});

test('no program is taken from where we are, or from where it starts', async (context) => {
  const { dir } = await ownCache(context);
  const before = process.env['PATH'];
  context.after(() => (process.env['PATH'] = before));
  for (const name of ['setpriv', 'bash', 'bwrap', 'true'])
    await writeFile(join(dir, name), `#!/bin/sh\ntouch ${dir}/ran\n`, { mode: 0o755 });
  for (const path of [`:${before ?? ''}`, `.:${before ?? ''}`, '']) {
    process.env['PATH'] = path;
    await run(['true'], { stage: 'test', cwd: dir });
    await assert.rejects(access(join(dir, 'ran')), path);
  }
});
