// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import { BuildError, make } from '../../src/kernels/make.js';
import { ownCache } from './own-cache.js';

test('a build that prints without end is ended, and is what the tree does wrong', async (context) => {
  const { dir } = await ownCache(context);
  const [tree, obj] = [join(dir, 'tree'), join(dir, 'tree/obj')];
  await mkdir(obj, { recursive: true });
  await writeFile(join(tree, 'Makefile'), `all:\n\t@yes ${'x'.repeat(4000)}\n`);
  const toolchain = {
    ...({ kind: 'gcc', choice: '', compiler: 'cc', versions: [] } as const),
    architecture: usualArchitecture,
  };
  const { signal } = new AbortController();
  const log: string[] = [];
  const work = { kernel: 'k', key: 'k', tree, obj, toolchain, signal, log };
  await assert.rejects(make(work, ['all']), (error) => {
    assert.ok(error instanceof BuildError, String(error));
    assert.match(error.errors.at(-1) ?? '', /printed more than 16 MiB/);
    return true;
  });
  assert.ok(log.length < 5000, String(log.length));
});
