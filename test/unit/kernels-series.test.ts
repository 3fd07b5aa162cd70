// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { choosePatches } from '../../src/kernels/fix.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { reversed } from '../../src/kernels/reverse-patch.js';
import { touchedFiles, trySeries, type Patch } from '../../src/kernels/series.js';
import type { KernelSpec } from '../../src/model/job.js';
import { JobError } from '../../src/model/errors.js';
import { digest } from '../../src/system/files.js';
import { ownCache } from './own-cache.js';

const signal = new AbortController().signal;
const unfixed = 'one\ntwo\nthree\n';
const fixed = 'one\ntwo and a half\nthree\n';

const diff = (from: string, to: string): string =>
  `Subject: a patch\n---\n a.c | 2 +-\n\n--- a/dir/a.c\n+++ b/dir/a.c\n@@ -1,3 +1,3 @@\n one\n-${from}\n+${to}\n three\n`;
const fix: Patch = { name: '0001-fix.patch', text: diff('two', 'two and a half') };
const unfix: Patch = { name: '0001-unfix.patch', text: diff('two and a half', 'two') };

function sourceOf(content: string): PinnedSource {
  return {
    id: digest(content),
    label: 'test',
    readFile: (path) =>
      Promise.resolve(
        path === 'dir/a.c' ? { mode: '100644', content: Buffer.from(content) } : undefined,
      ),
    copyTo: () => Promise.reject(new Error('not needed')),
    copyFiles: () => Promise.reject(new Error('not needed')),
  };
}

async function withFix<T>(
  work: (fixSpec: { add: string; remove: string[] }) => Promise<T>,
): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  try {
    const add = join(dir, fix.name);
    const remove = join(dir, unfix.name);
    await writeFile(add, fix.text);
    await writeFile(remove, unfix.text);
    return await work({ add, remove: [remove] });
  } finally {
    await rm(dir, { recursive: true });
  }
}

const kernel = (state: 'present' | 'absent'): KernelSpec => ({
  name: 'k',
  source: 'x',
  packages: [],
  commandLine: [],
  patches: [],
  fix: state,
  config: [],
  expect: 'PASS',
});

test('the touched files are those that git finds, and none outside the tree', async () => {
  assert.deepEqual(await touchedFiles([fix], signal), ['dir/a.c']);
  const outside = diff('two', 'three').replaceAll('dir/a.c', '../../etc/passwd');
  assert.deepEqual(await touchedFiles([{ name: 'x', text: outside }], signal), []);
});

test('a series that applies gives the new content and leaves the source alone', async () => {
  const result = await trySeries(sourceOf(unfixed), [fix], signal);
  assert.ok(result.applies);
  assert.equal(result.files.get('dir/a.c')?.content.toString(), fixed);
});

test('a series that does not apply names the patch, the hunk and the reject', async () => {
  const result = await trySeries(sourceOf('one\nsomething else\nthree\n'), [fix], signal);
  assert.ok(!result.applies);
  assert.equal(result.patch, '0001-fix.patch');
  assert.match(result.output, /patch failed: dir\/a\.c:1/);
  assert.match(result.reject, /^\+two and a half$/m);
});

test('the second patch of a series sees what the first one did', async () => {
  const result = await trySeries(sourceOf(unfixed), [fix, unfix], signal);
  assert.ok(result.applies);
  assert.equal(result.files.get('dir/a.c')?.content.toString(), unfixed);
});

for (const [content, state, patches] of [
  [unfixed, 'absent', []],
  [unfixed, 'present', [fix.name]],
  [fixed, 'absent', [unfix.name]],
  [fixed, 'present', []],
] as const) {
  const tree = content === fixed ? 'with the fix' : 'without it';
  test(`fix ${state} on a tree ${tree}: ${patches.join() || 'no patch'}`, async (context) => {
    await ownCache(context);
    const chosen = await withFix((spec) =>
      choosePatches(kernel(state), spec, sourceOf(content), signal),
    );
    assert.deepEqual(
      chosen.patches.map(({ name }) => name),
      patches,
    );
  });
}

test('of each patch its own files, whatever stands beside it', async () => {
  const named = (name: string): Patch => ({
    name,
    text: fix.text.replaceAll('dir/a.c', name),
  });
  const odd = [named('x\ny'), { name: 'none', text: 'no patch at all\n' }, named('-'), named('z')];
  const [, none, dash, z] = odd;
  assert.deepEqual(await touchedFiles([fix, ...odd], signal), ['-', 'dir/a.c', 'z']);
  for (const [patch, files] of [
    [none, []],
    [dash, ['-']],
    [z, ['z']],
  ] as const)
    assert.deepEqual(await touchedFiles(patch ? [patch] : [], signal), files);
});

test('git is asked once whether a fix fits a source, and again of another', async (context) => {
  await ownCache(context);
  let reads = 0;
  const counted = (content: string): PinnedSource => {
    const source = sourceOf(content);
    return { ...source, readFile: (path) => (reads++, source.readFile(path, signal)) };
  };
  const noteOf = (content: string): Promise<string> =>
    withFix(async (spec) => {
      const { note } = await choosePatches(kernel('present'), spec, counted(content), signal);
      return note;
    });
  assert.equal(await noteOf(unfixed), 'the fix was added');
  const once = reads;
  assert.equal(await noteOf(unfixed), 'the fix was added');
  assert.equal(reads, once);
  assert.equal(await noteOf(fixed), 'the source contains the fix');
  assert.ok(reads > once);
});

test('a tree that neither series fits is a JobError with both rejects', async (context) => {
  await ownCache(context);
  const other = sourceOf('quite\nanother\nfile\n');
  await assert.rejects(
    withFix((spec) => choosePatches(kernel('absent'), spec, other, signal)),
    (error) =>
      error instanceof JobError &&
      error.problems.length === 2 &&
      /patch failed/.test(error.message),
  );
});

/** Two patches, each of a file; `there` is how many of them each file has: upstream's form, ours, none. */
const two = (from: string, to: string): string =>
  diff(from, to).replaceAll('dir/a.c', 'dir/b.c').replace('Subject: a', 'Subject: [PATCH] b');
const upstream = 'one\n2.5\nthree\n';

async function chosenOfTwo(
  state: 'present' | 'absent',
  a: string,
  b: string,
): Promise<{ names: string[]; note: string; files: (string | undefined)[] }> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  try {
    const [add, remove] = [join(dir, 'add'), join(dir, 'remove')];
    await mkdir(add);
    await mkdir(remove);
    await writeFile(join(add, '0001-fix.patch'), fix.text);
    await writeFile(join(add, '0002-fix.patch'), two('two', 'two and a half'));
    await writeFile(join(remove, '0001-unfix.patch'), diff('2.5', 'two'));
    await writeFile(join(remove, '0002-unfix.patch'), two('2.5', 'two'));
    const contents: Readonly<Record<string, string>> = { 'dir/a.c': a, 'dir/b.c': b };
    const source: PinnedSource = {
      ...sourceOf(a),
      id: digest(a, b),
      readFile: (path) => {
        const content = contents[path];
        return Promise.resolve(
          content === undefined ? undefined : { mode: '100644', content: Buffer.from(content) },
        );
      },
    };
    const spec = { add, remove: [remove] };
    const { patches, note } = await choosePatches(kernel(state), spec, source, signal);
    const result = await trySeries(source, patches, signal);
    assert.ok(result.applies);
    const of = (name: string): string =>
      result.files.get(name)?.content.toString() ?? contents[name] ?? '';
    return { names: patches.map(({ name }) => name), note, files: [of('dir/a.c'), of('dir/b.c')] };
  } finally {
    await rm(dir, { recursive: true });
  }
}

test('of a fix of two patches a tree may have one, in our form or in another', async (context) => {
  await ownCache(context);
  for (const form of [fixed, upstream]) {
    const added = await chosenOfTwo('present', form, unfixed);
    assert.deepEqual(added.names, ['0002-fix.patch']);
    assert.match(added.note, /^the source contains "a patch"; added: "b patch"$/);
    assert.deepEqual(added.files, [form, fixed]);
    const without = await chosenOfTwo('absent', form, unfixed);
    assert.deepEqual(without.files, [unfixed, unfixed]);
    assert.match(without.note, /^the source lacks "b patch"; taken out: "a patch"$/);
    // One of them in our form, the other as upstream has it.
    const both = await chosenOfTwo('absent', form, upstream);
    assert.deepEqual(both.files, [unfixed, unfixed]);
    assert.deepEqual((await chosenOfTwo('present', form, upstream)).names, []);
  }
  await assert.rejects(chosenOfTwo('present', 'another\n', unfixed), JobError);
});

test('a tree that has the fix itself loses it without a patch that says how', async (context) => {
  await ownCache(context);
  const spec = async (work: (spec: { add: string; remove: string[] }) => Promise<void>) =>
    withFix(({ add }) => work({ add, remove: [] }));
  await spec(async (only) => {
    const { patches } = await choosePatches(kernel('absent'), only, sourceOf(fixed), signal);
    assert.deepEqual(
      patches.map(({ name }) => name),
      ['reverse-of-0001-fix.patch'],
    );
    const result = await trySeries(sourceOf(fixed), patches, signal);
    assert.equal(result.applies && result.files.get('dir/a.c')?.content.toString(), unfixed);
  });
});

test('a reversed patch gives the old file back, whatever its lines look like', async () => {
  const [before, after] = ['-- a\n++ b\n\nx\nlast', '-- a\n-- c\n\n\nx\nlast\n'];
  const text = `Subject: x\n\n--- a/dir/a.c\n+++ b/dir/a.c\n@@ -1,5 +1,6 @@\n -- a\n-++ b\n+-- c\n \n+\n x\n-last\n\\ No newline at end of file\n+last\n`;
  const there = await trySeries(sourceOf(before), [{ name: 'x', text }], signal);
  assert.equal(there.applies && there.files.get('dir/a.c')?.content.toString(), after);
  const back = reversed({ name: 'x', text });
  assert.ok(back);
  const result = await trySeries(sourceOf(after), [back], signal);
  assert.equal(result.applies && result.files.get('dir/a.c')?.content.toString(), before);
  for (const other of ['rename from a\nrename to b\n', 'new file mode 100644\n', 'no diff\n']) {
    assert.equal(
      reversed({
        name: 'x',
        text: `${other}${text.replace('--- a/dir/a.c', other.startsWith('no') ? '*** 1 ****' : '--- /dev/null')}`,
      }),
      undefined,
    );
  }
});
