// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cacheKinds, cacheMarks } from '../../src/system/cache-kinds.js';
import { cacheEntries, cacheGrew, trim, unknownInCache, use } from '../../src/system/cache.js';
import { exists, projectDir, temporaryFor } from '../../src/system/files.js';
import { ownerOfPid, self, type Owner } from '../../src/system/owner.js';
import { ownCache as folderWithCache } from './own-cache.js';

const signal = new AbortController().signal;
const module = fileURLToPath(new URL('../../src/system/cache.js', import.meta.url));
const mib = 1024 * 1024;
/** A process of another container. */
const elsewhere = '7-4567-1-0a0b0c0d';
/** A dead process whose PID another one has now. */
const itsPidAgain = (owner: Owner): Owner => owner.replace(/-\d+-/, '-1-');

/** A cache of its own, a folder that is there. */
async function ownCache(context: TestContext): Promise<string> {
  const { cache } = await folderWithCache(context);
  await mkdir(cache);
  return cache;
}

/** An entry of one MiB that was last used so many days ago. */
async function entry(cache: string, name: string, daysAgo: number): Promise<string> {
  const path = join(cache, name);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, 'data'), Buffer.alloc(mib, 1));
  await age(path, daysAgo);
  return path;
}

async function age(path: string, daysAgo: number): Promise<void> {
  const then = new Date(Date.now() - daysAgo * 24 * 3600 * 1000);
  await utimes(path, then, then);
}

const names = async (cache: string): Promise<string[]> =>
  (await readdir(cache, { recursive: true }))
    .filter((name) => name.endsWith('/data'))
    .map((name) => dirname(name))
    .sort();

test('a cache in which all was found has not grown', async (context) => {
  const cache = await ownCache(context);
  assert.equal(await use(await entry(cache, 'kernels/there', 1)), true);
  assert.equal(cacheGrew(), false);
  assert.equal(await use(join(cache, 'kernels/missed')), false);
  assert.equal(cacheGrew(), true);
});

test('what was not used for longest goes first, until the rest fits', async (context) => {
  const cache = await ownCache(context);
  await entry(cache, 'kernels/b', 2);
  await entry(cache, 'sources/a', 3);
  await entry(cache, 'packages/c', 1);
  await entry(cache, 'plots/0', 9);
  const removed = await trim(3.5 * mib, signal);
  assert.deepEqual(
    removed?.map(({ path }) => path),
    [join(cache, 'sources/a')],
  );
  assert.deepEqual(await names(cache), ['kernels/b', 'packages/c', 'plots/0']);
  assert.deepEqual(await trim(3.5 * mib, signal), []);
  await trim(0, signal);
  assert.deepEqual(await names(cache), ['plots/0'], 'they trim themselves');
});

test('a copy of a source goes before an object tree that was used longer ago', async (context) => {
  const cache = await ownCache(context);
  await entry(cache, 'objects/old', 9);
  await entry(cache, 'trees/new', 1);
  await trim(1.5 * mib, signal);
  assert.deepEqual(await names(cache), ['objects/old']);
});

test('use says whether an entry is there, and makes it the last to go', async (context) => {
  const cache = await ownCache(context);
  const [a] = [await entry(cache, 'kernels/a', 3), await entry(cache, 'kernels/b', 2)];
  assert.equal(await use(a), true);
  assert.equal(await use(join(cache, 'kernels/none')), false);
  const used = (await cacheEntries()).map(({ path, usedMs }) => [
    path,
    Date.now() - usedMs < 60_000,
  ]);
  assert.deepEqual(used, [
    [a, true],
    [join(cache, 'kernels/b'), false],
  ]);
  // This process lives: what it has used stays, however small the limit.
  await trim(0, signal);
  assert.deepEqual(await names(cache), ['kernels/a']);
});

test('an entry that is used in the moment in which its user comes stays', async (context) => {
  const cache = await ownCache(context);
  const a = await entry(cache, 'kernels/a', 3);
  // Whole milliseconds, and behind the file system's clock: as within one millisecond, but each time.
  context.mock.timers.enable({ apis: ['Date'], now: Date.now() - 5 });
  assert.equal(await use(a), true);
  await trim(0, signal);
  assert.deepEqual(await names(cache), ['kernels/a']);
});

/** A process that uses an entry and stays until its standard input ends. */
async function user(cache: string, path: string) {
  const code = `
    const { use } = await import(${JSON.stringify(module)});
    console.log(await use(${JSON.stringify(path)}));
    process.stdin.resume().on('end', () => process.exit());`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, BUSYGUEST_CACHE: cache },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { child, ended };
}

test('what a living process uses stays; when it was killed, it can go', async (context) => {
  const cache = await ownCache(context);
  const a = await entry(cache, 'sources/a', 3);
  await entry(cache, 'sources/b', 2);
  const { child, ended } = await user(cache, a);
  await trim(0, signal);
  assert.deepEqual(await names(cache), ['sources/a']);
  child.kill('SIGKILL');
  await ended;
  await trim(0, signal);
  assert.deepEqual(await names(cache), []);
  assert.deepEqual(await readdir(join(cache, 'in-use')), [], 'the dead are forgotten');
});

test('what a killed process left half done goes, what a living one makes stays', async (context) => {
  const cache = await ownCache(context);
  const { child, ended } = await user(cache, join(cache, 'kernels/none'));
  const owner = ownerOfPid(child.pid ?? 0) ?? '';
  await entry(cache, `sources/x.${owner}.0.tmp`, 0.5);
  await entry(cache, `sources/y.${itsPidAgain(owner)}.0.tmp`, 0.5);
  await entry(cache, `sources/of-a-container.${elsewhere}.0.tmp`, 0.9);
  await entry(cache, `sources/of-an-old-container.${elsewhere}.0.tmp`, 1.1);
  await trim(10 * mib, signal);
  assert.deepEqual(await names(cache), [
    `sources/of-a-container.${elsewhere}.0.tmp`,
    `sources/x.${owner}.0.tmp`,
  ]);
  child.stdin.end();
  await ended;
});

test('what is in the making is known by its name', () => {
  const name = temporaryFor('/cache/sources/x');
  assert.ok(name.startsWith(`/cache/sources/x.${self}.`) && name.endsWith('.tmp'), name);
});

test('locks of the dead go, those of the living stay', async (context) => {
  const cache = await ownCache(context);
  const { child, ended } = await user(cache, join(cache, 'none'));
  await mkdir(join(cache, 'machines'), { recursive: true });
  const owner = ownerOfPid(child.pid ?? 0) ?? '';
  await writeFile(join(cache, 'machines/held.lock'), `${owner}\n`);
  await writeFile(join(cache, 'machines/left.lock'), `${itsPidAgain(owner)}\n`);
  await trim(10 * mib, signal);
  assert.deepEqual(await readdir(join(cache, 'machines')), ['held.lock']);
  child.stdin.end();
  await ended;
});

/** First arguments of cacheDir() in the TypeScript below a folder; '' where it is no name in quotes. */
async function foldersMade(below: string): Promise<Set<string>> {
  const made = new Set<string>();
  const dir = join(projectDir, below);
  for (const name of await readdir(dir, { recursive: true })) {
    if (!name.endsWith('.ts') || (below === 'src' && name.startsWith('system/cache'))) continue;
    const text = await readFile(join(dir, name), 'utf8');
    for (const [, first = ''] of text.matchAll(/(?<!function )\bcacheDir\(\s*(?:'([^']+)'|\w)/g))
      made.add(first);
  }
  return made;
}

test('every folder that is made in the cache is listed, and nothing else is', async (context) => {
  const [product, tests] = [await foldersMade('src'), await foldersMade('test')];
  const made = new Set([...product, ...tests]);
  const kinds = Object.keys(cacheKinds);
  assert.deepEqual(
    [...made].filter((name) => !kinds.includes(name) && !cacheMarks.includes(name)),
    [],
    'a row is missing in src/system/cache-kinds.ts',
  );
  assert.deepEqual(
    kinds.filter((kind) => !made.has(kind)),
    [],
    'nobody makes these',
  );
  assert.deepEqual(
    [...tests].filter((name) => !product.has(name)),
    ['test'],
    "what only tests make is of the kind 'test'",
  );
  const cache = await ownCache(context);
  await entry(cache, 'older-kind/a', 1);
  await entry(cache, 'test/a', 1);
  assert.deepEqual(await unknownInCache(), ['older-kind']);
  await trim(0, signal);
  assert.deepEqual(await names(cache), ['older-kind/a'], 'what is not ours stays');
});

test('one process trims at a time; the others go on', async (context) => {
  const cache = await ownCache(context);
  const a = await entry(cache, 'sources/a', 3);
  const { child, ended } = await user(cache, join(cache, 'none'));
  await writeFile(join(cache, 'trim.lock'), `${ownerOfPid(child.pid ?? 0) ?? ''}\n`);
  assert.equal(await trim(0, signal), undefined);
  assert.ok(await exists(a));
  child.stdin.end();
  await ended;
});

test('users and a trimmer at once: what use() found is there', async (context) => {
  const cache = await ownCache(context);
  const { child, ended } = await user(cache, join(cache, 'none'));
  child.stdin.end();
  await ended;
  for (let round = 0; round < 30; round += 1) {
    const path = await entry(cache, `kernels/k${round}`, 1);
    const [found] = await Promise.all([use(path), trim(0, signal)]);
    assert.equal(await exists(path), found, `round ${round}`);
  }
});

test('the size of what does not change is taken once, of what grows each time', async (context) => {
  const cache = await ownCache(context);
  const [source, lists] = [await entry(cache, 'sources/a', 1), await entry(cache, 'apt/b', 1)];
  const bytes = async (): Promise<(number | undefined)[]> => {
    const all = await cacheEntries();
    return [source, lists].map((path) => all.find((one) => one.path === path)?.bytes);
  };
  const before = await bytes();
  assert.ok(before.every((size) => (size ?? 0) >= mib));
  for (const path of [source, lists]) await writeFile(join(path, 'more'), Buffer.alloc(mib, 1));
  const after = await bytes();
  assert.equal(after[0], before[0]);
  assert.ok((after[1] ?? 0) >= 2 * mib);
});
