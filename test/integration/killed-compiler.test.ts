// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JobResult } from '../../src/model/result.js';
import { crossCompile } from '../../src/kernels/toolchain.js';
import { cacheDir } from '../../src/system/files.js';
import { busyguest, folder, latest, start } from './cli.js';
import { writeTree } from './tiny-tree.js';

const one = ['--filter', 'kernel=patched,device=qemu-pseries-p9', '--quiet'];

/** Programs of a folder that stands first in PATH; what is not in it is found behind it. */
async function writePrograms(dir: string, scripts: Record<string, string>): Promise<void> {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir);
  const real = crossCompile();
  const tools = {
    // gcc itself starts cc1, and tells how it ended.
    'killed-gcc': `exec ${real}gcc -B${dir}/ "$@"`,
    'killed-ld': `exec ${real}ld "$@"`,
  };
  for (const [name, text] of Object.entries({ ...tools, ...scripts })) {
    await writeFile(join(dir, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(dir, name), 0o755);
  }
}

const killItself = 'kill -9 $$';
const whenCompiling = (program: string): string =>
  `case " $* " in *book3s_hv*) ${killItself};; esac; exec ${program} "$@"`;

/** Who is killed, by what stand-in, and what is said of it. */
const victims: readonly (readonly [string, Record<string, string>, RegExp])[] = [
  ['cc1', { cc1: killItself }, /the compiler was killed by a signal[^]*terminated program cc1/],
  ['gcc', { 'killed-gcc': whenCompiling(`${crossCompile()}gcc`) }, /the compiler was killed by/],
  ['make', { make: killItself }, /make was killed by a signal/],
];

/** Kernels in the cache that were built from a source. */
async function kernelsFrom(source = ''): Promise<string[]> {
  assert.match(source, /^tree \(folder, state \w+\)$/);
  const found: string[] = [];
  for (const key of await readdir(cacheDir('kernels'))) {
    const facts = await readFile(cacheDir('kernels', key, 'facts.json'), 'utf8').catch(() => '');
    if (facts.includes(JSON.stringify(source))) found.push(cacheDir('kernels', key));
  }
  return found;
}

test('a compiler that is killed: the lab, not the kernel; the next run builds and passes', async (context) => {
  const dir = await folder(context);
  const results = join(dir, 'results');
  const smoke = await busyguest('run', 'jobs/smoke.yaml', ...one, '--results', results);
  assert.equal(smoke.code, 0, smoke.stderr);
  const boot = join(results, 'latest/patched-qemu-pseries-p9-busy-guest/boot.json');
  const { kernel } = JSON.parse(await readFile(boot, 'utf8')) as { kernel: string };
  // A build sees its tree and nothing else.
  await writeTree(join(dir, 'tree'), 'cp prebuilt $@');
  await copyFile(kernel, join(dir, 'tree', 'prebuilt'));
  const file = join(dir, 'm.yaml');
  await writeFile(
    file,
    `name: m
kernels: [{name: patched, source: ${dir}/tree, toolchain: killed-}]
devices: [qemu-pseries-p9]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 3}]
`,
  );
  const run = async (scripts: Record<string, string>): Promise<[number | null, JobResult]> => {
    const programs = join(dir, 'programs');
    await writePrograms(programs, scripts);
    const env = { PATH: `${programs}:${process.env['PATH'] ?? ''}` };
    const { code, stderr } = await start(['run', file, ...one, '--results', results], env).ended;
    const [job] = (await latest(results)).jobs;
    assert.ok(job, stderr);
    return [code, job];
  };
  for (const [victim, scripts, said] of victims) {
    const [code, { status, decidedBy, reason, cases, facts }] = await run(scripts);
    assert.deepEqual([status, decidedBy, cases], ['ERROR', 'infrastructure', []], reason);
    assert.match(reason, said, victim);
    assert.match(reason, /perhaps because memory ran out; .*taskset --cpu-list 0 busyguest/);
    assert.equal(code, 69);
    assert.deepEqual(await kernelsFrom(facts['kernel_source']), []);
  }
  const [code, { status, reason, facts }] = await run({});
  assert.deepEqual([code, status], [0, 'PASS'], reason);
  const built = await kernelsFrom(facts['kernel_source']);
  assert.equal(built.length, 1);
  for (const path of built) await rm(path, { recursive: true });
});
