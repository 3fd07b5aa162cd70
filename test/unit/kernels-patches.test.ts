// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readerOf } from '../../src/kernels/pinned-source.js';
import { touchedFiles, trySeries, type SeriesResult } from '../../src/kernels/series.js';
import { writeTreeFiles } from '../../src/kernels/tree-file.js';
import { JobError } from '../../src/model/errors.js';

const signal = new AbortController().signal;
const secret = 'canary-in-a-file';

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** A tree of a few files, beside a file that is none of its. */
async function treeIn(dir: string): Promise<string> {
  const tree = join(dir, 'tree');
  const files = {
    'a.c': 'one\ntwo\nthree\n',
    'scripts/run.sh': '#!/bin/sh\n',
    'lib/old.c': 'old\n',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await writeFile(join(tree, name), text);
  }
  await writeFile(join(dir, 'secret'), secret);
  return tree;
}

const tryOn = (tree: string, text: string): Promise<SeriesResult> =>
  trySeries({ readFile: readerOf(tree) }, [{ name: 'p.patch', text }], signal);

/** What git itself makes of a tree that is changed by a shell script, as a patch. */
function patchBy(tree: string, script: string): string {
  const sh = (line: string): string =>
    execFileSync('bash', ['-ec', line], { cwd: tree, encoding: 'utf8' });
  sh('git init -q; git add -A; git -c user.name=a -c user.email=a@example.org commit -qm one');
  sh(script);
  sh('git add -A');
  const patch = sh('git diff --cached --binary -M');
  sh('git reset -q --hard; rm -rf .git');
  return patch;
}

const made: readonly (readonly [what: string, script: string, files: readonly string[]])[] = [
  ['a mode', 'chmod +x scripts/run.sh', ['scripts/run.sh']],
  ['a new program', 'echo x > new; chmod +x new', ['new']],
  ['a rename with a change', 'git mv lib/old.c b.c; echo more >> b.c', ['b.c', 'lib/old.c']],
  ['a file that goes, and its folder', 'git rm -q lib/old.c', ['lib/old.c']],
  ['an empty file', 'touch lib/empty', ['lib/empty']],
  ['a binary file', 'head -c 999 /bin/sh > lib/bin', ['lib/bin']],
  ['a link within the tree', 'ln -s ../a.c lib/a', ['lib/a']],
  ['names that git quotes', "echo x > $'b\\303\\244 \"c\\td'", ['bä "c\td']],
  ['a folder in place of a file', 'rm a.c; mkdir a.c; echo x > a.c/b', ['a.c', 'a.c/b']],
  ['a file in place of a folder', 'rm -r lib; echo x > lib', ['lib', 'lib/old.c']],
];
for (const [what, script, files] of made) {
  test(`a patch is applied as git does it: ${what}`, async (context) => {
    const dir = await folder(context);
    const tree = await treeIn(dir);
    const text = patchBy(tree, script);
    assert.deepEqual(await touchedFiles([{ name: 'p', text }], signal), [...files].sort());
    const result = await tryOn(tree, text);
    assert.ok(result.applies, JSON.stringify(result));
    await writeTreeFiles(tree, result.files);
    const bare = ['--git-dir', join(dir, 'git'), '--work-tree', tree];
    const git = (...args: string[]): string =>
      execFileSync('git', [...bare, ...args], { cwd: tree, encoding: 'utf8' });
    git('init', '-q');
    git('add', '-A');
    const ours = git('write-tree');
    // The same by git alone, in another copy.
    const other = await treeIn(join(dir, 'other'));
    execFileSync('git', ['apply'], { cwd: other, input: text });
    bare[3] = other;
    git('add', '-A');
    assert.equal(ours, git('write-tree'));
  });
}

test('a date behind spaces, as GNU diff writes it, is no part of the name', async (context) => {
  const tree = await treeIn(await folder(context));
  const text =
    '--- a/new.c 1970-01-01 00:00:00.000000000 +0000\n+++ b/new.c 2026-01-01 00:00:00.000000000 +0000\n@@ -0,0 +1 @@\n+int x;\n';
  const result = await tryOn(tree, text);
  assert.ok(result.applies);
  assert.deepEqual([...result.files.keys()], ['new.c']);
  assert.equal(result.files.get('new.c')?.content.toString(), 'int x;\n');
});

const link = (name: string, target: string): string =>
  `diff --git a/${name} b/${name}\nnew file mode 120000\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+${target}\n\\ No newline at end of file\n`;
const newFile = (name: string): string =>
  `diff --git a/${name} b/${name}\nnew file mode 100644\n--- /dev/null\n+++ b/${name}\n@@ -0,0 +1 @@\n+x\n`;
const submodule =
  'diff --git a/m b/m\nnew file mode 160000\n--- /dev/null\n+++ b/m\n@@ -0,0 +1 @@\n+Subproject commit 1111111111111111111111111111111111111111\n';
const hostile: readonly (readonly [what: string, text: string, said: RegExp])[] = [
  ['a link to an absolute path', link('l', '/etc/shadow'), /l: a symbolic link to \/etc\/shadow/],
  ['a link to a device', link('l', '/dev/zero'), /l: a symbolic link to \/dev\/zero/],
  ['a link that leads outside', link('lib/l', '../../secret'), /lib\/l: a symbolic link to/],
  ['a link and a file through it', link('l', '..') + newFile('l/x'), /beyond a symbolic link/],
  ['a path outside', newFile('../x'), /invalid path/],
  ["git's own folder", newFile('.git/hooks/post-checkout'), /invalid path/],
  ['a submodule', submodule, /m: a submodule/],
];
for (const [what, text, said] of hostile) {
  test(`refused by name: ${what}`, async (context) => {
    const dir = await folder(context);
    const tree = await treeIn(dir);
    const result = await tryOn(tree, text);
    assert.ok(!result.applies, JSON.stringify(result));
    assert.match(result.output, said);
    assert.ok(!JSON.stringify(result).includes(secret));
    await assert.rejects(lstat(join(dir, 'x')));
  });
}

test("a tree's own link shows nothing of the host, and nothing is written through it", async (context) => {
  const dir = await folder(context);
  const tree = await treeIn(dir);
  await symlink('..', join(tree, 'up'));
  await symlink('../secret', join(tree, 'shown'));
  await symlink('/dev/zero', join(tree, 'zero'));
  const read = readerOf(tree);
  assert.equal(await read('up/secret', signal), undefined);
  assert.equal((await read('shown', signal))?.content.toString(), '../secret');
  assert.equal((await read('zero', signal))?.content.toString(), '/dev/zero');
  const change = `--- a/shown\n+++ b/shown\n@@ -1 +1 @@\n-${secret}\n+x\n`;
  const result = await tryOn(tree, change);
  assert.ok(!result.applies, JSON.stringify(result));
  assert.ok(!result.output.includes(secret));
  const through = new Map([['up/new', { mode: '100644', content: Buffer.from('x') }]] as const);
  await assert.rejects(writeTreeFiles(tree, through), JobError);
  await assert.rejects(lstat(join(dir, 'new')));
  assert.equal(await readFile(join(dir, 'secret'), 'utf8'), secret);
  assert.equal(await readlink(join(tree, 'up')), '..');
});
