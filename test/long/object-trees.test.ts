// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, planBuild, type BuildPlan, type BuiltKernel } from '../../src/kernels/build.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { kernelSource } from '../../src/kernels/source.js';
import { findToolchain } from '../../src/kernels/toolchain.js';
import { projectDir } from '../../src/system/files.js';
import { folder } from '../integration/cli.js';

const never = new AbortController().signal;
const extra = 'kernel/busyguest-extra.c';

/** A patch that puts a line behind the first of a file, so that all that tells its lines apart is other. */
async function lineIn(source: PinnedSource, path: string, line: string): Promise<string> {
  const text = (await source.readFile(path, never))?.toString() ?? '';
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

// Each step goes on from what the one before left, so that whatever one of them overlooks is in the last.
test('a series, a header, a config, a deletion, a killed build, another branch: the bytes of a build from nothing', async (context) => {
  const dir = await folder(context);
  const source = await kernelSource('debian:linux-source').pin(never, () => undefined);
  const header = await lineIn(source, 'include/linux/kvm_host.h', '/* a line */');
  const makefile = await lineIn(source, 'kernel/Makefile', 'obj-y += busyguest-extra.o');
  const other = await lineIn(source, 'kernel/sched/fair.c', '/* a line */');
  const texts = {
    header: `${header}${makefile}${adds}`,
    gone: `${removes}${reversed(makefile)}`,
    other,
  };
  await mkdir(join(dir, 'patches'));
  for (const [name, text] of Object.entries(texts))
    await writeFile(join(dir, 'patches', `${name}.patch`), text);
  await writeFile(join(dir, 'more.config'), 'CONFIG_PANIC_ON_OOPS=y\n');
  const fix = join(projectDir, 'jobs/patches/kvm-hv-xfer-to-guest');
  const patch = (name: string): string => join(dir, 'patches', `${name}.patch`);
  const toolchain = await findToolchain();
  const plan = (patches: string[], config = ['minimal']): Promise<BuildPlan> => {
    const how = { packages: [], commandLine: [], expect: 'PASS' } as const;
    const kernel = { name: 'k', source: 'debian:linux-source', patches, config, ...how };
    return planBuild(kernel, undefined, source, toolchain, never);
  };
  const make = async (planned: BuildPlan, clean = false): Promise<BuiltKernel> =>
    build({ ...planned, clean }, never, () => undefined);

  await make(await plan([]));
  await make(await plan([fix]));
  await make(await plan([fix, patch('header')]));
  const more = ['minimal', join(dir, 'more.config')];
  await make(await plan([fix, patch('header')], more));
  const last = await plan([fix, patch('header'), patch('gone')], more);
  if (!last.cached) {
    const stop = new AbortController();
    const compiling = (text: string): void => {
      if (text.startsWith('compiling')) stop.abort();
    };
    await assert.rejects(build(last, stop.signal, compiling));
    assert.ok((await compiled(await make(last))) < 200);
  }
  const branch = await plan([patch('other')]);
  if (!branch.cached) assert.ok((await compiled(await make(branch))) < 100);
  // These throw where a byte differs.
  await make(last, true);
  await make(branch, true);
});
