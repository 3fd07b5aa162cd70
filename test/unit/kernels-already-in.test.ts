// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alreadyIn, trySeries, type Patch } from '../../src/kernels/series.js';

const signal = new AbortController().signal;
const patch = (name: string, from: string, to: string): Patch => ({
  name,
  text: `--- a/file\n+++ b/file\n@@ -1,3 +1,3 @@\n first\n-${from}\n+${to}\n last\n`,
});
const treeWith = (line: string) => ({
  readFile: (name: string) =>
    Promise.resolve(
      name === 'file'
        ? { mode: '100644' as const, content: Buffer.from(`first\n${line}\nlast\n`) }
        : undefined,
    ),
});
const series = [patch('1.patch', 'a', 'b'), patch('2.patch', 'b', 'c')];

test('a series that is already in is told from one that does not apply', async () => {
  for (const [line, count] of [
    ['a', 0],
    ['b', 1],
    ['c', 2],
    ['x', 0],
  ] as const) {
    assert.equal(await alreadyIn(treeWith(line), series, signal), count, line);
  }
  assert.equal((await trySeries(treeWith('c'), series, signal)).applies, false);
  assert.equal((await trySeries(treeWith('a'), series, signal)).applies, true);
});
