// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readCaseTable } from '../../src/images/case-table.js';
import { payloadCases, selectedCases } from '../../src/payload/busy-guest/cases.js';
import { filesIn, projectDir } from '../../src/system/files.js';

type Row = Readonly<{ name: string; tags: readonly string[]; run: string }>;

const grouped = (rows: readonly Row[]): unknown[] =>
  rows.map(({ name, tags, run }) => ({
    name,
    tags,
    together: rows.filter((one) => one.run === run).map((one) => one.name),
  }));

test('the table of cases is the one of the payload', async () => {
  const rows = await readCaseTable();
  assert.deepEqual(grouped(payloadCases), grouped(rows));
  const files = await filesIn(join(projectDir, 'guest-images', 'busy-guest', 'cases'));
  assert.equal(new Set(rows.map(({ group }) => group)).size, files.length);
});

test('docs/cases.md has every case with its reason (npm run cases writes it)', async () => {
  const text = await readFile(join(projectDir, 'docs', 'cases.md'), 'utf8');
  for (const { name, why } of await readCaseTable()) {
    assert.match(why, /^\S.*\.$/, name);
    assert.ok(text.includes(`| \`${name}\` |`), name);
    assert.ok(text.includes(why), `${name}: ${why}`);
  }
});

test('controls run always, and all results of a run come together', () => {
  const basic = selectedCases({});
  assert.equal(basic.length, 11);
  const ofOneGuest = basic.filter((name) => name !== 'two_vcpus_obey_quota');
  assert.deepEqual(selectedCases({ cases: ['busy_guest_dies_at_once'] }), ofOneGuest);
  assert.deepEqual(selectedCases({ tags: ['control'] }).slice(0, 3), basic.slice(0, 3));
  assert.equal(selectedCases({ tags: ['full'] }).length, payloadCases.length);
});
