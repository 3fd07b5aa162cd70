// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { treeInCache } from '../../src/kernels/debian-source.js';
import {
  copyStart,
  keepObjects,
  nearestStart,
  type Recipe,
  type Start,
} from '../../src/kernels/object-trees.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import type { Patch } from '../../src/kernels/series.js';
import { bringTree, withWorkTree, type WorkTree } from '../../src/kernels/work-tree.js';
import { cacheDir } from '../../src/system/files.js';
import { noSandbox } from './needs-sandbox.js';
import { ownCache } from './own-cache.js';

const { signal } = new AbortController();

async function write(dir: string, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(texts)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}

/** A patch that makes a one-line file another. */
const change = (path: string, from: string, to: string): Patch => ({
  name: `${to}.patch`,
  text: `--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-${from}\n+${to}\n`,
});
const add = (path: string): Patch => ({
  name: 'add.patch',
  text: `--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+new\n`,
});

const texts = {
  'a.c': 'a\n',
  'b.c': 'b\n',
  'include/linux/x.h': 'x\n',
  'kernel/Makefile': 'm\n',
  'scripts/gen.sh': 's\n',
};

interface Lab {
  readonly cache: string;
  readonly source: PinnedSource;
}

async function lab(context: TestContext, more: Partial<PinnedSource> = {}): Promise<Lab> {
  const { cache } = await ownCache(context);
  await write(join(cache, 'sources/one'), texts);
  return { cache, source: { ...treeInCache('one', 'one', join(cache, 'sources/one')), ...more } };
}

type Of = Partial<Omit<Recipe, 'state'>>;

/** Brings a tree to a source with patches, and does something with its recipe. */
async function withRecipe<T>(
  source: PinnedSource,
  patches: readonly Patch[],
  of: Of,
  work: (tree: WorkTree, recipe: Recipe) => Promise<T>,
): Promise<T> {
  return withWorkTree(source, signal, async (tree) => {
    const state = await bringTree(tree, 'k', source, patches, signal);
    const names = patches.map(({ name }) => name);
    return work(tree, {
      state,
      patches: names,
      config: ['c'],
      toolchain: 't',
      tools: 'p',
      arch: 'powerpc',
      ...of,
    });
  });
}

/** Keeps what a build with patches left. */
const keep = (source: PinnedSource, key: string, patches: readonly Patch[], of: Of = {}) =>
  withRecipe(source, patches, of, async (tree, recipe) => {
    const objects = {
      '.config': '',
      vmlinux: '',
      'kernel/k.o': key,
      'init/main.o': key,
      'gen/y.h': '',
      'include/config/auto.conf.cmd': readByKconfig,
    };
    await write(tree.obj, objects);
    await keepObjects(key, recipe, facts, tree);
  });

const find = (
  source: PinnedSource,
  patches: readonly Patch[],
  of: Of = {},
): Promise<Start | undefined> =>
  withRecipe(source, patches, of, (tree, recipe) => nearestStart(recipe, source, tree, signal));

/** What kbuild writes down of the files that Kconfig has read. */
const readByKconfig = 'deps_config := \\\n\tKconfig \\\n\tb.c \\\n';
/** What was found out when `keep` configured. */
const facts = { kernel_config_missing: 'CONFIG_X' };

const a1 = change('a.c', 'a', 'a1');
const b1 = change('b.c', 'b', 'b1');

/** Built upon a tree as it is. */
const same = (key: string): Start => ({ key, changed: [], folders: [], configured: facts });

test('Kconfig is asked again where a file that it reads, a script, the config or a tool is other', async (context) => {
  const { source } = await lab(context);
  await keep(source, 'base', []);
  const configured = async (patches: readonly Patch[], of: Of = {}): Promise<unknown> =>
    (await find(source, patches, of))?.configured;
  assert.deepEqual(await configured([]), facts);
  assert.deepEqual(await configured([a1]), facts);
  // Kconfig has read it, whatever its name.
  assert.equal(await configured([b1]), undefined);
  for (const path of ['net/new/Kconfig', 'lib/Kconfig.new', 'scripts/kconfig/new.c'])
    assert.equal(await configured([add(path)]), undefined, path);
  assert.equal(await configured([], { config: ['c', 'd'] }), undefined);
  assert.equal(await configured([], { tools: 'other' }), undefined);
});

test('nothing is built upon what is not there, of another config or another compiler', async (context) => {
  const { source } = await lab(context);
  assert.equal(await find(source, []), undefined);
  await keep(source, 'base', []);
  assert.deepEqual(await find(source, []), same('base'));
  const other = Array.from({ length: 20 }, (_, line) => `line ${line}`);
  assert.equal(await find(source, [], { config: other }), undefined);
  assert.equal(await find(source, [], { toolchain: 'other' }), undefined);
});

test('the nearest is taken, and what differs is told by content', async (context) => {
  const { source } = await lab(context);
  await keep(source, 'base', []);
  await keep(source, 'a1', [a1]);
  assert.deepEqual(await find(source, [b1]), { key: 'base', changed: ['b.c'], folders: [] });
  assert.deepEqual(await find(source, [a1, b1]), { key: 'a1', changed: ['b.c'], folders: [] });
  // There and back again is no change.
  const back = [a1, { ...change('a.c', 'a1', 'a'), name: 'back' }];
  assert.deepEqual((await find(source, [...back, b1]))?.changed, ['b.c']);
});

test('the same config goes before a nearer source, a config that differs little is better than nothing', async (context) => {
  const { source } = await lab(context);
  await keep(source, 'other', [], { config: ['c', 'd'] });
  assert.equal((await find(source, []))?.key, 'other');
  await keep(source, 'base', []);
  await keep(source, 'a1', [a1], { config: ['c', 'd'] });
  assert.equal((await find(source, [a1, b1]))?.key, 'base');
  assert.equal((await find(source, [a1, b1], { config: ['c', 'd'] }))?.key, 'a1');
});

test('what a series built is built upon only by what has the series', async (context) => {
  const { source } = await lab(context);
  await keep(source, 'a1', [a1]);
  assert.equal(await find(source, []), undefined);
  assert.equal(await find(source, [b1]), undefined);
  assert.equal((await find(source, [a1]))?.key, 'a1');
});

test("what a stranger's tree built is built upon only by who has his code", async (context) => {
  const { source } = await lab(context, { origin: 'commit 1' });
  await keep(source, 'one', [], { origin: 'commit 1' });
  assert.equal((await find(source, [], { origin: 'commit 1' }))?.key, 'one');
  assert.equal(await find(source, [], { origin: 'commit 2' }), undefined);
  assert.equal(await find(source, []), undefined);
  const heir = { ...source, trusts: (origin: string) => Promise.resolve(origin === 'commit 1') };
  assert.equal((await find(heir, [], { origin: 'commit 2' }))?.key, 'one');
});

test('another version: what differs between the two, and only where both are here', async (context) => {
  const { cache, source } = await lab(context);
  await keep(source, 'one', [a1]);
  await write(join(cache, 'sources/two'), { ...texts, 'b.c': 'other\n' });
  const two = treeInCache('two', 'two', join(cache, 'sources/two'));
  assert.deepEqual((await find(two, [a1]))?.changed, ['b.c']);
  await rm(join(cache, 'sources/one'), { recursive: true });
  assert.equal(await find(two, [a1]), undefined);
});

const fromNothing: readonly (readonly [string, Patch])[] = [
  ['a script of the build', change('scripts/gen.sh', 's', 's1')],
  ['a header that may stand before one that was generated', add('include/linux/y.h')],
];
for (const [what, patch] of fromNothing) {
  test(`${what}: from nothing`, async (context) => {
    const { source } = await lab(context);
    await keep(source, 'base', []);
    assert.equal(await find(source, [patch]), undefined);
  });
}

test('a new header: those of its name count as changed', async (context) => {
  const { source } = await lab(context);
  await keep(source, 'base', []);
  const start = await find(source, [add('arch/powerpc/include/x.h')]);
  assert.deepEqual(start?.changed, ['arch/powerpc/include/x.h', 'include/linux/x.h']);
});

test('a makefile: nothing of its folder stays', async (context) => {
  const { cache, source } = await lab(context);
  await keep(source, 'base', []);
  await withRecipe(source, [change('kernel/Makefile', 'm', 'm1')], {}, async (tree, recipe) => {
    const start = await nearestStart(recipe, source, tree, signal);
    assert.deepEqual(start?.folders, ['kernel']);
    await copyStart(start, tree, 1000, signal);
    const files = (await readdir(tree.obj, { recursive: true })).filter(
      (path) => !path.startsWith('include'),
    );
    assert.deepEqual(files.sort(), ['.config', 'gen', 'gen/y.h', 'init', 'init/main.o', 'kernel']);
    assert.equal((await stat(join(tree.obj, 'init/main.o'))).mtimeMs, 1_000_000);
    // A copy: what is kept is not what is built in.
    await writeFile(join(tree.obj, 'init/main.o'), 'broken');
  });
  assert.equal(await readFile(join(cache, 'objects/base/obj/init/main.o'), 'utf8'), 'base');
});

test('what a build may run: from nothing; a program for users: built upon', async (context) => {
  const { source } = await lab(context);
  await keep(source, 'base', []);
  for (const path of ['scripts/new.sh', 'tools/objtool/Makefile', 'tools/bpf/new', 'tools/new'])
    assert.equal(await find(source, [add(path)]), undefined, path);
  for (const path of ['tools/gpio/Makefile', 'tools/perf/new.sh'])
    assert.equal((await find(source, [add(path)]))?.key, 'base', path);
});

test(
  'what a build left in place of a folder, a link to files of the host, removes and dates none of them',
  { skip: noSandbox },
  async (context) => {
    const { cache, source } = await lab(context);
    const victim = join(cache, '..', 'victim');
    await write(victim, { 'sub/file': 'mine\n' });
    await utimes(join(victim, 'sub/file'), 5, 5);
    const makefile = { 'kernel/sub/Makefile': 'm\n' };
    await write(join(cache, 'sources/one'), makefile);
    await withRecipe(source, [], {}, async (tree, recipe) => {
      await mkdir(tree.obj);
      await symlink(victim, join(tree.obj, 'kernel'));
      await symlink(join(victim, 'sub/file'), join(tree.obj, 'file'));
      await keepObjects('base', recipe, {}, tree);
    });
    const changed = change('kernel/sub/Makefile', 'm', 'm1');
    await withRecipe(source, [changed], {}, async (tree, recipe) => {
      const start = await nearestStart(recipe, source, tree, signal);
      assert.deepEqual(start?.folders, ['kernel/sub']);
      await copyStart(start, tree, 1000, signal);
    });
    assert.equal((await stat(join(victim, 'sub/file'))).mtimeMs, 5000);
  },
);

test('debug information says where it was built: only there it is built upon', async (context) => {
  const { source } = await lab(context);
  await withRecipe(source, [], {}, async (tree, recipe) => {
    await write(tree.obj, { '.config': '#\nCONFIG_DEBUG_INFO=y\n' });
    await keepObjects('debug', recipe, {}, tree);
    // A program with the set-user-ID bit is one for whoever gets to it.
    assert.equal((await stat(cacheDir('objects'))).mode & 0o777, 0o700);
    assert.equal((await nearestStart(recipe, source, tree, signal))?.key, 'debug');
    const elsewhere = { ...tree, tree: `${tree.tree}-elsewhere` };
    assert.equal(await nearestStart(recipe, source, elsewhere, signal), undefined);
  });
});

test('a link that changed: from nothing', async (context) => {
  const { cache, source } = await lab(context);
  await keep(source, 'base', []);
  await write(join(cache, 'sources/two'), texts);
  await symlink('a.c', join(cache, 'sources/two/c.c'));
  const two = treeInCache('two', 'two', join(cache, 'sources/two'));
  assert.equal(await find(two, []), undefined);
});
