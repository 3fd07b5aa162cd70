// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { gitSource } from '../../src/kernels/git-source.js';
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

test('git facts: branch and description are those of the repository', () =>
  inFolder(async (dir) => {
    const tree = join(dir, 'linux');
    const file = join(tree, 'arch/powerpc/kvm/book3s_hv.c');
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '/* hv */\n');
    const sh = (script: string): string =>
      execFileSync('bash', ['-ec', script], { cwd: tree, encoding: 'utf8' }).trim();
    const as = 'git -c user.name=a -c user.email=a@example.org';
    sh(`git init -qb topic/kvm; git add -A; ${as} commit -qm one; ${as} tag -am v7.2 v7.2`);
    sh(`git remote add origin https://me:secret@example.org/power/linux.git`);
    sh(`${as} commit -q --allow-empty -m two; git update-ref refs/remotes/origin/next HEAD`);
    const { signal } = new AbortController();
    const factsOf = async (ref: string) => (await gitSource(tree, ref).pin(signal, () => {})).facts;
    const commit = sh('git rev-parse HEAD');
    const url = { git_commit: commit, git_repository_url: 'https://example.org/power/linux.git' };
    const described = `v7.2-1-g${commit.slice(0, 7)}`;
    for (const ref of ['HEAD', 'topic/kvm']) {
      assert.deepEqual(await factsOf(ref), {
        ...url,
        git_branch: 'topic/kvm',
        git_describe: described,
      });
    }
    assert.equal((await factsOf('origin/next'))?.['git_branch'], 'next');
    assert.equal((await factsOf('v7.2'))?.['git_branch'], undefined);
    assert.equal((await factsOf('v7.2'))?.['git_describe'], 'v7.2');
    sh('git checkout -q --detach');
    assert.equal((await factsOf('HEAD'))?.['git_branch'], undefined);
  }));
