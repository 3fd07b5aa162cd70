// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { choosePatches } from '../../src/kernels/fix.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { touchedFiles, trySeries, type Patch } from '../../src/kernels/series.js';
import type { KernelSpec } from '../../src/model/job.js';
import { JobError } from '../../src/model/errors.js';

const signal = new AbortController().signal;
const unfixed = 'one\ntwo\nthree\n';
const fixed = 'one\ntwo and a half\nthree\n';

const diff = (from: string, to: string): string =>
  `Subject: a patch\n---\n a.c | 2 +-\n\n--- a/dir/a.c\n+++ b/dir/a.c\n@@ -1,3 +1,3 @@\n one\n-${from}\n+${to}\n three\n`;
const fix: Patch = { name: '0001-fix.patch', text: diff('two', 'two and a half') };
const unfix: Patch = { name: '0001-unfix.patch', text: diff('two and a half', 'two') };

function sourceOf(content: string): PinnedSource {
  return {
    id: 'test',
    label: 'test',
    readFile: (path) => Promise.resolve(path === 'dir/a.c' ? Buffer.from(content) : undefined),
    copyTo: () => Promise.reject(new Error('not needed')),
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

test('the touched files are read from the patch, and none outside the tree', () => {
  assert.deepEqual(touchedFiles(fix), ['dir/a.c']);
  assert.deepEqual(
    touchedFiles({ name: 'x', text: '--- a/../../etc/passwd\n+++ b/../../etc/passwd\n' }),
    [],
  );
});

test('a series that applies gives the new content and leaves the source alone', async () => {
  const result = await trySeries(sourceOf(unfixed), [fix], signal);
  assert.ok(result.applies);
  assert.equal(result.files.get('dir/a.c')?.toString(), fixed);
});

test('a series that does not apply names the patch, the hunk and the reject', async () => {
  const result = await trySeries(sourceOf('one\nsomething else\nthree\n'), [fix], signal);
  assert.ok(!result.applies);
  assert.equal(result.patch, '0001-fix.patch');
  assert.match(result.output, /Hunk #1 FAILED/);
  assert.match(result.reject, /^\+two and a half$/m);
});

test('the second patch of a series sees what the first one did', async () => {
  const result = await trySeries(sourceOf(unfixed), [fix, unfix], signal);
  assert.ok(result.applies);
  assert.equal(result.files.get('dir/a.c')?.toString(), unfixed);
});

for (const [content, state, patches] of [
  [unfixed, 'absent', []],
  [unfixed, 'present', [fix.name]],
  [fixed, 'absent', [unfix.name]],
  [fixed, 'present', []],
] as const) {
  const tree = content === fixed ? 'with the fix' : 'without it';
  test(`fix ${state} on a tree ${tree}: ${patches.join() || 'no patch'}`, async () => {
    const chosen = await withFix((spec) =>
      choosePatches(kernel(state), spec, sourceOf(content), signal),
    );
    assert.deepEqual(
      chosen.patches.map(({ name }) => name),
      patches,
    );
  });
}

test('a tree that neither series fits is a JobError with both rejects', async () => {
  const other = sourceOf('quite\nanother\nfile\n');
  await assert.rejects(
    withFix((spec) => choosePatches(kernel('absent'), spec, other, signal)),
    (error) =>
      error instanceof JobError && error.problems.length === 2 && /FAILED/.test(error.message),
  );
});
