// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { build, planBuild, type BuildPlan, type BuiltKernel } from '../../src/kernels/build.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { kernelSource } from '../../src/kernels/source.js';
import { findToolchain, type Toolchain } from '../../src/kernels/toolchain.js';
import { projectDir } from '../../src/system/files.js';
import { folder } from '../integration/cli.js';

const never = new AbortController().signal;
const extra = 'kernel/busyguest-extra.c';

/** A patch that puts a line behind the first of a file, so that all that tells its lines apart is other. */
async function lineIn(source: PinnedSource, path: string, line: string): Promise<string> {
  const text = (await source.readFile(path, never))?.content.toString() ?? '';
  const lines = text.split('\n').slice(0, 3);
  const context = lines.map((one) => ` ${one}\n`);
  return `--- a/${path}\n+++ b/${path}\n@@ -1,3 +1,4 @@\n${context[0]}+${line}\n${context[1]}${context[2]}`;
}

const adds = `--- /dev/null\n+++ b/${extra}\n@@ -0,0 +1,2 @@\n+int busyguest_extra(void);\n+int busyguest_extra(void) { return 1; }\n`;
const removes = `--- a/${extra}\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-int busyguest_extra(void);\n-int busyguest_extra(void) { return 1; }\n`;

/** The same patch the other way round. */
const reversed = (patch: string): string =>
  patch.replace(/^@@ -1,3 \+1,4 @@$/m, '@@ -1,4 +1,3 @@').replace(/^\+(?!\+\+ )/m, '-');

/** How many files were compiled. */
async function compiled(kernel: BuiltKernel): Promise<number> {
  const log = await readFile(kernel.log, 'utf8');
  assert.match(log, /^built upon the object tree of \w+$/m);
  return [...log.matchAll(/^ {2}(?:CC|AS) /gm)].length;
}

/** Kernels of the newest source, by their patches and config. */
class Kernels {
  private constructor(
    private readonly dir: string,
    readonly source: PinnedSource,
    private readonly toolchain: Toolchain,
  ) {}

  static async make(context: TestContext): Promise<Kernels> {
    const source = await kernelSource('debian:linux-source').pin(never, () => undefined);
    return new Kernels(await folder(context), source, await findToolchain());
  }

  /** A patch file. */
  async patch(name: string, text: string): Promise<string> {
    const file = join(this.dir, `${name}.patch`);
    await writeFile(file, text);
    return file;
  }

  /** The config of all kernels and one symbol more. */
  async moreConfig(): Promise<string[]> {
    const file = join(this.dir, 'more.config');
    await writeFile(file, 'CONFIG_PANIC_ON_OOPS=y\n');
    return ['minimal', file];
  }

  plan(patches: string[], config = ['minimal']): Promise<BuildPlan> {
    const how = { packages: [], commandLine: [], expect: 'PASS' } as const;
    const kernel = { name: 'k', source: 'debian:linux-source', patches, config, ...how };
    return planBuild(kernel, undefined, this.source, this.toolchain, never);
  }
}

const make = (plan: BuildPlan, clean = false): Promise<BuiltKernel> =>
  build({ ...plan, clean }, never, () => undefined);
const fix = join(projectDir, 'jobs/patches/kvm-hv-xfer-to-guest');

/** A build that is killed while it compiles, then one that is not. */
async function killedOnce(plan: BuildPlan): Promise<BuiltKernel> {
  const stop = new AbortController();
  const compiling = (text: string): void => {
    if (text.startsWith('compiling')) stop.abort();
  };
  await assert.rejects(build(plan, stop.signal, compiling));
  return make(plan);
}

// Each step goes on from what the one before left, so that whatever one of them overlooks is in the last.
test('a series, a header, a config, a deletion, a killed build: the bytes of a build from nothing', async (context) => {
  const kernels = await Kernels.make(context);
  const { source } = kernels;
  const makefile = await lineIn(source, 'kernel/Makefile', 'obj-y += busyguest-extra.o');
  const header = await lineIn(source, 'include/linux/kvm_host.h', '/* a line */');
  // Of a program for users, as most point releases change one.
  const tool = await lineIn(source, 'tools/gpio/Makefile', '# a line');
  const more = await kernels.moreConfig();
  const patched = await kernels.patch('header', `${header}${makefile}${tool}${adds}`);
  const gone = await kernels.patch('gone', `${removes}${reversed(makefile)}`);

  await make(await kernels.plan([]));
  await make(await kernels.plan([fix]));
  await make(await kernels.plan([fix, patched]));
  await make(await kernels.plan([fix, patched], more));
  const last = await kernels.plan([fix, patched, gone], more);
  if (!last.cached) assert.ok((await compiled(await killedOnce(last))) < 200);
  // Throws where a byte differs.
  await make(last, true);
});

test('another branch, after a series: the bytes of a build from nothing', async (context) => {
  const kernels = await Kernels.make(context);
  const other = await lineIn(kernels.source, 'kernel/sched/fair.c', '/* a line */');
  await make(await kernels.plan([fix]));
  const branch = await kernels.plan([await kernels.patch('other', other)]);
  if (!branch.cached) assert.ok((await compiled(await make(branch))) < 100);
  await make(branch, true);
});
