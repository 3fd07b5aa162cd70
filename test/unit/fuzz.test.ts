// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crashesOf } from '../fuzz/target.js';
import { targets } from '../fuzz/targets.js';

for (const target of targets) {
  test(`${target.name}: a short run of what npm run fuzz does`, async () => {
    const holds = fc.asyncProperty(target.inputs.arbitrary, async (input) => {
      await target.check(input);
    });
    // The same inputs every time: finding new ones is for the long run.
    await fc.assert(holds, { numRuns: target.shortRuns, seed: 1 });
  });

  for (const [index, input] of crashesOf(target.name).entries()) {
    test(`${target.name}: what once broke it, ${index + 1}`, async () => {
      await target.check(input);
    });
  }
}

test('every reader has a name of its own, and kept inputs belong to one', () => {
  const names = targets.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
});
