// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { build, planBuild, type BuildPlan } from '../../src/kernels/build.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { kernelSource } from '../../src/kernels/source.js';
import { findToolchain } from '../../src/kernels/toolchain.js';
import { InfraError } from '../../src/model/errors.js';
import type { KernelSpec } from '../../src/model/job.js';
import { folder } from './cli.js';
import { writeTree } from './tiny-tree.js';

const { signal } = new AbortController();
const hv = 'arch/powerpc/kvm/book3s_hv.c';
const patch = `Subject: two\n---\n--- a/${hv}\n+++ b/${hv}\n@@ -1 +1,2 @@\n int one;\n+int two;\n`;

const pin = (path: string): Promise<PinnedSource> =>
  kernelSource(path).pin(signal, () => undefined);

/** A tree that becomes a kernel as it is, a patch for it, and a cache. */
async function tree(context: TestContext): Promise<string> {
  const dir = await folder(context);
  const before = process.env['BUSYGUEST_CACHE'];
  process.env['BUSYGUEST_CACHE'] = join(dir, 'cache');
  context.after(() => {
    if (before === undefined) delete process.env['BUSYGUEST_CACHE'];
    else process.env['BUSYGUEST_CACHE'] = before;
  });
  await writeFile(join(dir, 'two.patch'), patch);
  const path = join(dir, 'linux');
  await writeTree(path, `cp ${hv} $@`);
  return path;
}

async function plan(source: PinnedSource, path: string, patches: string[]): Promise<BuildPlan> {
  const kernel: KernelSpec = {
    name: 'k',
    source: path,
    packages: [],
    commandLine: [],
    patches,
    config: [],
    expect: 'PASS',
  };
  return planBuild(kernel, undefined, source, await findToolchain(undefined), signal);
}

const wasEdited = (error: unknown): true => {
  assert.ok(error instanceof InfraError, String(error));
  assert.equal(error.stage, 'source');
  assert.match(error.message, /linux was changed while it was read$/);
  assert.match(error.todo ?? '', /^run again/);
  return true;
};

test('a tree that is edited between two kernels: the second is not built under the name of the first', async (context) => {
  const path = await tree(context);
  const source = await pin(path);
  const plans = [
    await plan(source, path, []),
    await plan(source, path, [join(path, '../two.patch')]),
  ];
  const [first, second] = plans.map((one) => () => build(one, signal, () => undefined));
  assert.ok(first && second);
  assert.equal(await readFile((await first()).image, 'utf8'), 'int one;\n');
  await appendFile(join(path, 'kernel/sched/core.c'), 'int edited;\n');
  await assert.rejects(second(), wasEdited);
  // What was built of the first state is there, but nobody may say what of it this tree is.
  await assert.rejects(plan(source, path, []), wasEdited);
});

test('a file that is edited behind the copy is patched as it was copied', async (context) => {
  const path = await tree(context);
  const pinned = await pin(path);
  const source: PinnedSource = {
    ...pinned,
    async copyTo(dir, copySignal) {
      await pinned.copyTo(dir, copySignal);
      await writeFile(join(path, hv), 'int one;\nint edited;\n');
    },
  };
  const planned = await plan(source, path, [join(path, '../two.patch')]);
  const kernel = await build(planned, signal, () => undefined);
  assert.equal(await readFile(kernel.image, 'utf8'), 'int one;\nint two;\n');
});

test('of a git work tree: with changes as of any folder; without, the commit is taken whatever comes', async (context) => {
  const path = await tree(context);
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', path, '-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      encoding: 'utf8',
    });
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'one');
  const clean = await pin(path);
  await appendFile(join(path, hv), 'int edited;\n');
  const dirty = await pin(path);
  await appendFile(join(path, hv), 'int again;\n');
  const copy = async (source: PinnedSource, name: string): Promise<string> => {
    const dir = join(path, '..', name);
    await mkdir(dir);
    await source.copyTo(dir, signal);
    return readFile(join(dir, hv), 'utf8');
  };
  assert.equal(await copy(clean, 'clean'), 'int one;\n');
  await assert.rejects(copy(dirty, 'dirty'), wasEdited);
});
