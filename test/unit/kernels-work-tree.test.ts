// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  lstat,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { treeInCache } from '../../src/kernels/debian-source.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { kernelSource } from '../../src/kernels/source.js';
import type { Patch } from '../../src/kernels/series.js';
import { bringTree, dateTree, withWorkTree, type WorkTree } from '../../src/kernels/work-tree.js';
import { ownCache } from './own-cache.js';

const { signal } = new AbortController();
const hv = 'arch/powerpc/kvm/book3s_hv.c';
const files: Readonly<Record<string, string>> = {
  Makefile: 'VERSION = 7\n',
  Kconfig: 'mainmenu\n',
  [hv]: 'one\n',
  'a/same.h': 'same\n',
  'a/gone.h': 'gone\n',
};

async function write(dir: string, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

/** All files but one. */
const rest = Object.fromEntries(Object.entries(files).filter(([path]) => path !== 'a/gone.h'));

const patch = (from: string, to: string): Patch => ({
  name: 'p.patch',
  text: `--- a/${hv}\n+++ b/${hv}\n@@ -1 +1 @@\n-${from}\n+${to}\n`,
});

/** Brings the one work tree to a source with patches and gives every file's text, and what was written. */
async function bring(source: PinnedSource, patches: Patch[] = []): Promise<Map<string, string>> {
  return withWorkTree(source, signal, async (work) => {
    const state = await bringTree(work, 'k', source, patches, signal);
    await dateTree(work, state, Math.floor(Date.now() / 1000) - 2, [], signal);
    return contentOf(work);
  });
}

async function contentOf({ tree, dir }: WorkTree): Promise<Map<string, string>> {
  assert.match(dir, /trees\/0$/, 'one work tree is enough');
  const names = execFileSync('find', ['.', '!', '-type', 'd', '-printf', '%P\n'], { cwd: tree });
  const found = new Map<string, string>();
  for (const name of names.toString().trim().split('\n').sort()) {
    found.set(name, await readFile(join(tree, name), 'utf8').catch(() => 'no file'));
  }
  return found;
}

const inode = async (cache: string, path: string): Promise<number> =>
  (await lstat(join(cache, 'trees/0/linux', path))).ino;

const expected = (texts: Readonly<Record<string, string>>): Map<string, string> =>
  new Map(Object.entries(texts).sort(([a], [b]) => (a < b ? -1 : 1)));

async function unpacked(cache: string, id: string, texts: typeof files): Promise<PinnedSource> {
  await write(join(cache, 'sources', id), texts);
  return treeInCache(id, id, join(cache, 'sources', id));
}

test('a series comes and goes: only its file is written', async (context) => {
  const { cache } = await ownCache(context);
  const source = await unpacked(cache, 'one', files);
  assert.deepEqual(await bring(source), expected(files));
  const same = await inode(cache, 'a/same.h');
  assert.deepEqual(
    await bring(source, [patch('one', 'two')]),
    expected({ ...files, [hv]: 'two\n' }),
  );
  assert.deepEqual(
    await bring(source, [patch('one', 'six')]),
    expected({ ...files, [hv]: 'six\n' }),
  );
  assert.deepEqual(await bring(source), expected(files));
  assert.equal(await inode(cache, 'a/same.h'), same);
});

test('another version: what is new, other and gone', async (context) => {
  const { cache } = await ownCache(context);
  await bring(await unpacked(cache, 'one', files), [patch('one', 'two')]);
  const same = await inode(cache, 'a/same.h');
  const texts = { ...rest, Makefile: 'VERSION = 8\n', 'new/dir/b.h': 'b\n', 'a/new.h': 'new\n' };
  assert.deepEqual(await bring(await unpacked(cache, 'two', texts)), expected(texts));
  assert.equal(await inode(cache, 'a/same.h'), same);
});

test('what a build wrote into its source, and beside it, does not stay', async (context) => {
  const { cache } = await ownCache(context);
  const source = await unpacked(cache, 'one', files);
  await bring(source);
  const tree = join(cache, 'trees/0/linux');
  await appendFile(join(tree, 'Makefile'), 'all:\n\tevil\n');
  execFileSync('touch', ['-d', '2020-01-01', join(tree, 'Makefile')]);
  await write(tree, { 'a/evil.h': 'evil\n' });
  await rm(join(tree, 'a/gone.h'));
  await rm(join(tree, hv));
  await symlink('/etc/passwd', join(tree, hv));
  assert.deepEqual(await bring(source), expected(files));
  assert.deepEqual(await readFile(join(cache, 'sources/one/Makefile'), 'utf8'), files['Makefile']);
});

test('a folder that became a link outside is not written through', async (context) => {
  const { cache, dir } = await ownCache(context);
  const source = await unpacked(cache, 'one', files);
  await bring(source);
  await write(dir, { 'outside/same.h': 'theirs\n', 'outside/gone.h': 'theirs\n' });
  await rename(join(cache, 'trees/0/linux/a'), join(dir, 'a'));
  await symlink(join(dir, 'outside'), join(cache, 'trees/0/linux/a'));
  assert.deepEqual(await bring(source), expected(files));
  assert.equal(await readFile(join(dir, 'outside/same.h'), 'utf8'), 'theirs\n');
  // The source's own link, and a patch that goes through it.
  const other = await unpacked(cache, 'two', files);
  await symlink(join(dir, 'outside'), join(cache, 'sources/two/link'));
  const through = patch('theirs', 'ours').text.replaceAll(hv, 'link/same.h');
  await assert.rejects(
    bring(other, [{ name: 'p', text: through }]),
    /leads through a symbolic link/,
  );
  assert.equal(await readFile(join(dir, 'outside/same.h'), 'utf8'), 'theirs\n');
});

test('a state that was half reached is made anew', async (context) => {
  const { cache } = await ownCache(context);
  const source = await unpacked(cache, 'one', files);
  await bring(source);
  await assert.rejects(bring(source, [patch('nothing like it', 'two')]), /does not apply/);
  await write(join(cache, 'trees/0/linux'), { Makefile: 'half\n' });
  assert.deepEqual(await bring(source), expected(files));
});

/** The user's own tree, as a folder and as a repository. */
async function ownTree(
  context: TestContext,
): Promise<{ path: string; git: (script: string) => void }> {
  const { dir } = await ownCache(context);
  const path = join(dir, 'linux');
  await write(path, files);
  const name = '-c user.name=a -c user.email=a@example.org';
  return {
    path,
    git: (script) =>
      void execFileSync('bash', ['-ec', script.replaceAll('git ', `git ${name} `)], { cwd: path }),
  };
}

const pin = (name: string): Promise<PinnedSource> =>
  kernelSource(name).pin(signal, () => undefined);

test("the user's folder, edited: what differs is copied", async (context) => {
  const { path } = await ownTree(context);
  assert.deepEqual(await bring(await pin(path)), expected(files));
  const edited = { ...files, 'a/same.h': 'edited\n', 'b/new name.h': 'new\n' };
  delete (edited as Record<string, string>)['a/gone.h'];
  await write(path, edited);
  await rm(join(path, 'a/gone.h'));
  await write(path, { '.config': '', 'include/config/auto.conf': '' });
  assert.deepEqual(await bring(await pin(path)), expected(edited));
});

test('what an in-tree build left is removed, and nothing behind a link of the tree', async (context) => {
  const { path } = await ownTree(context);
  const outside = join(path, '..', 'outside');
  await write(outside, { 'config/mine': 'mine\n', 'generated/mine': 'mine\n' });
  await write(path, { '.config': '', 'include/config/auto.conf': '' });
  await mkdir(join(path, 'arch/powerpc/include'));
  await symlink(join(outside, 'generated'), join(path, 'arch/powerpc/include/generated'));
  assert.deepEqual(await bring(await pin(path)), expected(files));
  await rm(join(path, 'include'), { recursive: true });
  await symlink(outside, join(path, 'include'));
  await bring(await pin(path));
  for (const name of ['config', 'generated'])
    assert.equal(await readFile(join(outside, name, 'mine'), 'utf8'), 'mine\n');
});

test('a folder is another when a link leads elsewhere, or a file has its old time', async (context) => {
  const { path } = await ownTree(context);
  await symlink('Makefile', join(path, 'link'));
  const first = await pin(path);
  execFileSync('ln', ['-sfn', 'Kconfig', 'link'], { cwd: path });
  const second = await pin(path);
  const script = `touch -r ${hv} ../time; echo two > ${hv}; touch -r ../time ${hv}`;
  execFileSync('bash', ['-ec', script], { cwd: path });
  const third = await pin(path);
  assert.equal(new Set([first, second, third].map(({ id }) => id)).size, 3);
});

test('commits, forwards and back', async (context) => {
  const { path, git } = await ownTree(context);
  git(
    'git init -qb main; git add .; git commit -qm one; git rm -q a/gone.h; echo é > "b c"; git add .; git commit -qm two',
  );
  const [one, two] = [await pin(`${path}#main~1`), await pin(`${path}#main`)];
  assert.deepEqual(await bring(one), expected(files));
  assert.deepEqual(
    await bring(two, [patch('one', 'two')]),
    expected({ ...rest, 'b c': 'é\n', [hv]: 'two\n' }),
  );
  assert.deepEqual(await bring(one), expected(files));
  assert.deepEqual(await two.changedSince?.(one.id, signal), {
    paths: ['a/gone.h', 'b c'],
    added: ['b c'],
  });
  assert.equal(await two.changedSince?.(`git-${'1'.repeat(40)}`, signal), undefined);
  assert.deepEqual(
    [await two.trusts?.(one.origin ?? '', signal), await one.trusts?.(two.origin ?? '', signal)],
    [true, false],
    'a commit is part of those after it',
  );
});

test('two builds at once have two trees', async (context) => {
  const { cache } = await ownCache(context);
  const source = await unpacked(cache, 'one', files);
  await withWorkTree(source, signal, async (first) => {
    await bringTree(first, 'k', source, [], signal);
    await withWorkTree(source, signal, async (second) => {
      assert.notEqual(second.dir, first.dir);
      await bringTree(second, 'k', source, [], signal);
    });
  });
});
