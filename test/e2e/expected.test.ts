// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderResultsJson } from '../../src/reports/results-json.js';
import { busyguest, folder } from '../integration/cli.js';
import { pairRun } from '../unit/reports-html-run.js';

test('report --expected: TAP, JUnit, Markdown and the exit code say the same', async (context) => {
  const dir = join(await folder(context), 'night');
  await mkdir(dir);
  await writeFile(join(dir, 'results.json'), renderResultsJson(pairRun(['qemu-pseries-p9'])));
  const read = (name: string): Promise<string> => readFile(join(dir, name), 'utf8');
  for (const [options, code, wanted] of [
    [[], 0, { tap: /^not ok 1 .* # TODO expected FAIL/m, junit: /failures="0"/, md: /\| yes \|/ }],
    [
      ['--expected=todo'],
      0,
      { tap: / # TODO /, junit: /<skipped message="expected FAIL/, md: /yes/ },
    ],
    [['--expected=pass'], 0, { tap: /^ok 1 /m, junit: /errors="0" time=/, md: /yes/ }],
    [['--expected=fail'], 1, { tap: /^not ok 1 [^#]*$/m, junit: /<failure /, md: /and counts as/ }],
  ] as const) {
    const reports = `markdown=${join(dir, 'results.md')},tap13=${join(dir, 'flat')}`;
    const said = await busyguest('report', dir, '--report', reports, ...options);
    assert.equal(said.code, code, said.stderr);
    assert.match(await read('results.tap'), wanted.tap);
    assert.match(await read('junit.xml'), wanted.junit);
    assert.match(await read('results.md'), wanted.md);
    assert.match(await read('flat'), /^TAP version 13\n/);
  }
  const { code, stderr } = await busyguest('report', dir, '--expected', 'green');
  assert.equal(code, 64);
  assert.match(stderr, /pass, todo, fail/);
});
