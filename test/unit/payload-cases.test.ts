// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { caseTable } from '../../src/payload/busy-guest/case-table.js';
import { selectedCases } from '../../src/payload/busy-guest/cases.js';
import { filesIn, projectDir } from '../../src/system/files.js';

test('the table of cases and its page are what the C table says (npm run cases writes them)', () => {
  const script = join(projectDir, 'scripts', 'case-table.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.ok(caseTable.length > 30);
});

test('every file of cases is in the C table', async () => {
  const main = await readFile(join(projectDir, 'guest-images/busy-guest/cases.c'), 'utf8');
  const files = await filesIn(join(projectDir, 'guest-images/busy-guest/cases'));
  const groups = files.map((file) => basename(file, '.c'));
  assert.deepEqual(
    groups.filter((group) => !main.includes(`&${group}_cases,`)),
    [],
  );
});

test('every case says why it is there', async () => {
  const text = await readFile(join(projectDir, 'docs', 'cases.md'), 'utf8');
  for (const { name } of caseTable) {
    assert.match(text, new RegExp(`^\\| \`${name}\` \\| [\\w ]+ \\| \\S.*\\. \\|$`, 'm'), name);
  }
});

test('controls run always, and all results of a run come together', () => {
  const basic = selectedCases({});
  assert.equal(basic.length, 11);
  const ofOneGuest = basic.filter((name) => name !== 'two_vcpus_obey_quota');
  assert.deepEqual(selectedCases({ cases: ['busy_guest_dies_at_once'] }), ofOneGuest);
  assert.deepEqual(selectedCases({ tags: ['control'] }).slice(0, 3), basic.slice(0, 3));
  assert.equal(selectedCases({ tags: ['full'] }).length, caseTable.length);
});
