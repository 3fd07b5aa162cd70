// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lostSymbols, readFragments, wantedSymbols } from '../../src/kernels/config.js';
import { JobError } from '../../src/model/errors.js';

test('the later of two fragments wins, and "is not set" is n', () => {
  const wanted = wantedSymbols('CONFIG_A=y\nCONFIG_B=m\n# CONFIG_A is not set\n# a comment\n');
  assert.deepEqual(
    [...wanted],
    [
      ['CONFIG_A', 'n'],
      ['CONFIG_B', 'm'],
    ],
  );
});

test('symbols that did not stick are named with what became of them', () => {
  const finished = 'CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n';
  const fragment = 'CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=y\nCONFIG_D=y\nCONFIG_E=n\n';
  assert.deepEqual(lostSymbols(fragment, finished), [
    'CONFIG_B: wanted m, is y',
    'CONFIG_C: wanted y, is n',
    'CONFIG_D: wanted y, is n',
  ]);
});

test('the shipped fragment is found by its name, an unknown one is a JobError with its path', async () => {
  const [fragment] = await readFragments(['minimal']);
  assert.equal(wantedSymbols(fragment?.text ?? '').get('CONFIG_CFS_BANDWIDTH'), 'y');
  await assert.rejects(readFragments(['minimal', 'nonesuch']), (error) => {
    assert.ok(error instanceof JobError);
    return error.message.includes('nonesuch.config');
  });
});
