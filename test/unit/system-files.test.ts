// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readEnd } from '../../src/system/files.js';
import { inFolder } from './reports-html-run.js';

test('the end of a file; what is not there is none, what cannot be read is an error', () =>
  inFolder(async (dir) => {
    const file = join(dir, 'file');
    await writeFile(file, 'one two');
    assert.deepEqual(await readEnd(file, 3), { text: 'two', skipped: 4 });
    assert.deepEqual(await readEnd(file, 9), { text: 'one two', skipped: 0 });
    assert.equal(await readEnd(join(dir, 'none'), 3), undefined);
    await assert.rejects(readEnd(dir, 3), /EISDIR/);
  }));
