// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gitFacts, patchsetHash } from '../../src/kernels/source-facts.js';
import { inFolder } from './reports-html-run.js';

test('patchset_hash is what the shell line of the KCIDB schema gives', () =>
  inFolder(async (dir) => {
    const patches = ['one\n', 'two ü\n', ''].map((text) => ({ text }));
    for (const [index, { text }] of patches.entries()) {
      await writeFile(join(dir, `${index}.patch`), text);
    }
    const line = 'sha256sum *.patch | cut -c-64 | sha256sum | cut -c-64';
    const expected = execFileSync('sh', ['-c', line], { cwd: dir }).toString().trim();
    assert.equal(patchsetHash(patches), expected);
    assert.notEqual(patchsetHash([...patches].reverse()), expected);
    assert.equal(patchsetHash([]), '');
  }));

test('git facts: a repository that others can reach, and never a password', () => {
  const url = (text?: string) =>
    gitFacts({ commit: 'c0ffee', ...(text !== undefined && { url: text }) })['git_repository_url'];
  assert.equal(url('https://example.org/linux.git'), 'https://example.org/linux.git');
  assert.equal(url('https://me:secret@example.org/linux.git?t=1'), 'https://example.org/linux.git');
  assert.equal(url('ssh://git@example.org/linux.git'), 'ssh://example.org/linux.git');
  for (const none of [undefined, '', '/home/me/linux', 'git@example.org:linux.git', 'file:///x']) {
    assert.equal(url(none), undefined, none);
  }
  assert.equal(gitFacts({ commit: 'c0ffee' })['git_commit'], 'c0ffee');
});
