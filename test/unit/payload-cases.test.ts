// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { payloadCases, selectedCases } from '../../src/model/payload-cases.js';
import { filesIn, projectDir } from '../../src/system/files.js';

const program = join(projectDir, 'guest-images', 'busy-guest');

/** Rows of the C tables, group by group in the order of cases.c. */
async function rowsOfC(): Promise<{ name: string; tags: string[]; run: string }[]> {
  const order = [
    ...(await readFile(join(program, 'cases.c'), 'utf8')).matchAll(/^\t&(\w+)_cases,/gm),
  ];
  assert.equal(order.length, (await filesIn(join(program, 'cases'))).length);
  const rows = order.map(async ([, group]) => {
    const text = await readFile(join(program, 'cases', `${group}.c`), 'utf8');
    return [...text.matchAll(/\{ "(\w+)", "([\w ]+)",\s+(?:"[^"]*"\s*)+,\s+(\w+) \}/g)].map(
      ([, name = '', tags = '', run = '']) => ({ name, tags: tags.split(' '), run }),
    );
  });
  return (await Promise.all(rows)).flat();
}

test('the table of cases is the one of the payload', async () => {
  const grouped = (rows: readonly { name: string; tags: readonly string[]; run: string }[]) =>
    rows.map(({ name, tags, run }) => ({
      name,
      tags: [...tags],
      together: rows.filter((one) => one.run === run).map((one) => one.name),
    }));
  assert.deepEqual(grouped(payloadCases), grouped(await rowsOfC()));
});

test('controls run always, and all results of a run come together', () => {
  const basic = selectedCases({});
  assert.equal(basic.length, 8);
  assert.deepEqual(selectedCases({ cases: ['busy_guest_dies_at_once'] }), basic);
  assert.deepEqual(selectedCases({ tags: ['control'] }).slice(0, 3), basic.slice(0, 3));
  assert.equal(selectedCases({ tags: ['full'] }).length, payloadCases.length);
});
