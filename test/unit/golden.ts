// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectDir } from '../../src/system/files.js';

/** Compares a text with its file in test/golden/; `npm run golden` writes the files instead. */
export function assertGolden(name: string, text: string): void {
  const file = join(projectDir, 'test', 'golden', name);
  if (process.env['BUSYGUEST_GOLDEN'] === 'write') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  assert.equal(text, readFileSync(file, 'utf8'), `${name}: if this is right, "npm run golden"`);
}
