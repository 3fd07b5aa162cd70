// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeLock } from '../../src/system/lock.js';
import { assertWhole, busyguest, folder, latest, start } from '../integration/cli.js';
import { mounted, rootOnly } from '../integration/mount.js';
import { writeTree } from '../integration/tiny-tree.js';

const spareCache = /free some space, or point BUSYGUEST_CACHE to a larger disk/;

/** What fills a cache of 2 MB: a command that makes the kernel, or the source's tarball; and what is said. */
const stages: readonly (readonly [string, string, string, RegExp])[] = [
  [
    'fetching package lists',
    'debian:linux-source',
    'true',
    /^fetch: apt-get: no space left on the/,
  ],
  ['unpacking a source', 'tree.tar.gz', 'true', /^fetch: tar: no space left on the device/],
  ['a compiler', 'tree', 'head -c 3000000 /dev/zero > $@', /^build: make: no space left on the/],
  ['keeping a kernel', 'tree', 'head -c 1200000 /dev/zero > $@', /^build: no space left on the/],
  ['making the image', 'tree', 'echo > $@', /^image: .*no space left on the device/],
];

for (const [stage, source, link, said] of stages) {
  test(
    `the cache's disk is full when ${stage}: 69, the stage, nothing half`,
    rootOnly,
    async (context) => {
      const cache = await mounted(context, 'size=2M');
      if (cache === undefined) return;
      const dir = await folder(context);
      await writeTree(join(dir, 'tree'), link);
      await writeFile(join(dir, 'tree/zeros'), Buffer.alloc(source.endsWith('gz') ? 3_000_000 : 0));
      spawnSync('tar', ['-czf', join(dir, 'tree.tar.gz'), '-C', dir, 'tree']);
      const file = join(dir, 'm.yaml');
      const from = source.startsWith('debian:') ? source : join(dir, source);
      await writeFile(
        file,
        `name: m
kernels: [{name: k, source: "${from}"}]
devices: [qemu-pseries-p9]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 3}]
`,
      );
      const args = ['run', file, '--results', dir, '--quiet'];
      const { code, stderr } = await start(args, { BUSYGUEST_CACHE: cache }).ended;
      const [job] = (await latest(dir)).jobs;
      assert.equal(job?.status, 'ERROR', job?.reason);
      assert.match(job?.reason ?? '', said);
      assert.match(job?.reason ?? '', spareCache);
      assert.equal(code, 69, stderr);
      for (const name of await readdir(cache, { recursive: true })) {
        assert.doesNotMatch(name, /\.(?:tmp|lock)$|^(?:build|images|sources)\/./);
      }
    },
  );
}

const filter = 'kernel=patched,device=qemu-pseries-p9';
const one = ['run', 'jobs/smoke.yaml', '--filter', filter, '--quiet'];

/** Kilobytes that a file takes on tmpfs. */
const kilobytesOf = async (path: string): Promise<number> =>
  Math.ceil((await stat(path)).size / 4096) * 4;

/** What of a job is there when the disk is full, what else it is run with, and what is said. */
const lost: readonly (readonly [readonly string[] | 'all', readonly string[], RegExp])[] = [
  [['boot.json', 'build.log', 'job.json'], ['--fresh'], /^busyguest: results: no space left on/m],
  [
    'all',
    [],
    /results: results\.json was not written: ENOSPC[^]*to do: make room on its disk, then: busyguest run --resume/,
  ],
];

test(
  'the disk of the results is full: 69, said, all whole, --resume does the rest',
  rootOnly,
  async (context) => {
    const whole = await folder(context);
    assert.equal((await busyguest(...one, '--results', whole)).code, 0);
    const job = join(whole, 'latest/patched-qemu-pseries-p9-busy-guest');
    for (const [there, flags, said] of lost) {
      const own = there === 'all' ? await readdir(job) : there;
      const files = [join(whole, 'latest/run.json'), ...own.map((file) => join(job, file))];
      const sizes = await Promise.all(files.map(kilobytesOf));
      // The lock, and some of the console.
      const more = 4 + (flags.length > 0 ? 8 : 0);
      const size = sizes.reduce((sum, kilobytes) => sum + kilobytes, more);
      const results = await mounted(context, `size=${size}k`);
      if (results === undefined) return;
      const { code, stderr } = await busyguest(...one, '--results', results, ...flags);
      assert.match(stderr, said);
      assert.equal(code, 69);
      await assertWhole(results);
      spawnSync('mount', ['-o', 'remount,size=4M', results]);
      const run = (await readdir(results)).find((name) => name.endsWith('-smoke')) ?? '';
      const resumed = await busyguest('run', '--resume', join(results, run), '--quiet');
      assert.equal(resumed.code, 0, resumed.stderr);
      await assertWhole(results);
    }
  },
);

test(
  'no run begins, and no lock is left, where the disk is full before',
  rootOnly,
  async (context) => {
    const full = await mounted(context, 'size=4k');
    if (full === undefined) return;
    await writeFile(join(full, 'other'), Buffer.alloc(4096));
    const { code, stderr } = await busyguest(...one, '--results', full);
    assert.equal(code, 69);
    assert.match(
      stderr,
      /^busyguest: results: no space left on the device.*\n.*point --results to/,
    );
    const { signal } = new AbortController();
    await assert.rejects(
      takeLock(join(full, 'lock'), signal, () => {}),
      /ENOSPC/,
    );
    assert.ok(!(await readdir(full)).includes('lock'));
  },
);
