// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { JobError } from '../../src/model/errors.js';
import { jobOf, type Manifest } from '../../src/pipeline/bundle/manifest.js';
import { openBundle } from '../../src/pipeline/bundle/open-bundle.js';
import { verifyBundle } from '../../src/pipeline/bundle/verify-bundle.js';
import { compress, tar, type Entry } from './kernels-packages-archives.js';

let dir = '';
before(async () => (dir = await mkdtemp(join(tmpdir(), 'busyguest-bundles-'))));
after(() => rm(dir, { recursive: true, force: true }));

const signal = new AbortController().signal;
const contents: Readonly<Record<string, string>> = {
  kernel: 'a kernel',
  'initramfs.cpio': 'an image',
  'console.log': 'BUSYGUEST-START v1\n',
  'status.json': JSON.stringify({
    status: 'PASS',
    cases: [
      { name: 'c', status: 'PASS', metrics: [{ name: 'usage', value: 1.5, unit: 'us' }], more: 1 },
    ],
    facts: {},
  }),
};

function manifest(): Manifest {
  const files = Object.entries(contents).map(([name, text]) => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    return [name, { bytes: text.length, sha256 }];
  });
  return {
    schema: 1,
    run: '20260101-000000-m',
    startedAt: '',
    job: {
      name: 'k-qemu-pseries-p9-t',
      kernel: 'k',
      device: 'qemu-pseries-p9',
      test: 't',
      expect: 'PASS',
      parameters: { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 3 },
      timeouts: { buildMs: 1, bootMs: 1000, testMs: 1000 },
      knownFaults: [],
    },
    boot: { commandLine: ['panic=-1'], payloadArgs: ['--seconds=3'], cpus: 1 },
    recorded: { device: 'qemu-pseries-p9', qemu: 'QEMU', args: '-M pseries', repeats: 'bytes' },
    files: Object.fromEntries(files) as Manifest['files'],
  };
}

const entries = (described: unknown = manifest(), more: readonly Entry[] = []): Entry[] => [
  { name: 'job/', type: '5' },
  ...Object.entries(contents).map(([name, data]) => ({ name: `job/${name}`, data })),
  {
    name: 'job/bundle.json',
    data: typeof described === 'string' ? described : JSON.stringify(described),
  },
  ...more,
];
const packed = (all: readonly Entry[]): Buffer => compress('zstd', tar([...all]));

async function placed(data: Buffer): Promise<{ file: string; place: string }> {
  const place = await mkdtemp(join(dir, 'place-'));
  const file = join(place, 'x.tar.zst');
  await writeFile(file, data);
  return { file, place };
}

async function refused(data: Buffer, message: RegExp): Promise<void> {
  const { file, place } = await placed(data);
  const into = join(place, 'a/b/into');
  await mkdir(join(place, 'a/b'), { recursive: true });
  await assert.rejects(openBundle(file, into, signal), (error: Error) => {
    assert.match(error.message, message);
    assert.doesNotMatch(error.message, /[\u0000-\u0009\u001b]/);
    return error instanceof JobError;
  });
  const outside = (await readdir(place, { recursive: true })).filter(
    (name) => !name.startsWith('a/b/into'),
  );
  assert.deepEqual(outside.sort(), ['a', 'a/b', 'x.tar.zst']);
}

test('a good bundle is opened', async () => {
  const { file, place } = await placed(packed(entries()));
  const { manifest: read, result } = await openBundle(file, join(place, 'into'), signal);
  assert.deepEqual(read, manifest());
  assert.deepEqual(result.cases[0]?.metrics, [{ name: 'usage', value: 1.5, unit: 'us' }]);
});

const members: readonly (readonly [string, Entry, RegExp])[] = [
  ['a parent folder', { name: '../evil', data: 'x' }, /leads outside/],
  ['a parent folder within', { name: 'job/../../evil', data: 'x' }, /leads outside/],
  ['an absolute name', { name: '/tmp/busyguest-evil', data: 'x' }, /leads outside/],
  ['a second folder', { name: 'other/kernel', data: 'x' }, /more than one folder/],
  ['a strange file', { name: 'job/run-me.sh', data: 'x' }, /holds "job\/run-me.sh", which no/],
  ['a deep file', { name: 'job/kernel/x', data: 'x' }, /which no bundle has/],
  ['a file twice', { name: 'job/kernel', data: 'x' }, /holds "job\/kernel" twice/],
  ['a link', { name: 'job/ktap.txt', type: '2', target: '/etc/shadow' }, /links to/],
  ['a climbing link', { name: 'job/ktap.txt', type: '2', target: '../../x' }, /links to/],
  ['a device', { name: 'job/ktap.txt', type: '3' }, /is not a file/],
  ['a control character', { name: 'job/\u001b[2J', data: 'x' }, /leads outside/],
  ['a huge size', { name: 'job/ktap.txt', data: 'x', size: 2 ** 31 }, /claims 2147483648 bytes/],
];
for (const [what, entry, message] of members) {
  test(`bundle refused: ${what}`, () => refused(packed(entries(manifest(), [entry])), message));
}

test('bundle refused: damaged, empty, something else, another file in its place', async () => {
  const good = packed(entries());
  await refused(good.subarray(0, good.length - 40), /refused/);
  await refused(Buffer.alloc(0), /truncated/);
  await refused(Buffer.from('#!/bin/sh\nrm -rf /\n'), /truncated|damaged/);
  await refused(packed(entries().filter(({ name }) => name !== 'job/kernel')), /lacks kernel/);
  const swapped = entries().map((one) =>
    one.name === 'job/kernel' ? { ...one, data: 'b kernel' } : one,
  );
  await refused(packed(swapped), /kernel is not the file that bundle.json describes/);
});

const spoilt: readonly (readonly [string, (m: Manifest) => unknown, RegExp])[] = [
  ['another schema', (m) => ({ ...m, schema: 2 }), /schema: .*expected 1/],
  ['a field of its own', (m) => ({ ...m, run_this: 'x' }), /run_this/],
  [
    'arguments for QEMU',
    (m) => ({ ...m, boot: { ...m.boot, extraArgs: ['-drive', 'file=/etc/shadow'] } }),
    /extraArgs/,
  ],
  [
    'a command line of two lines',
    (m) => ({ ...m, boot: { ...m.boot, commandLine: ['a\nb'] } }),
    /boot.commandLine.0/,
  ],
  [
    'a word with blanks',
    (m) => ({ ...m, boot: { ...m.boot, payloadArgs: ['-- x'] } }),
    /boot.payloadArgs.0/,
  ],
  [
    'a device that is a path',
    (m) => ({ ...m, job: { ...m.job, device: '../../x' } }),
    /job.device/,
  ],
  ['many CPUs', (m) => ({ ...m, boot: { ...m.boot, cpus: 1e9 } }), /boot.cpus/],
  [
    'a deadline that never comes',
    (m) => ({ ...m, job: { ...m.job, timeouts: { buildMs: 1, bootMs: 1e15, testMs: 1 } } }),
    /job.timeouts.bootMs/,
  ],
  ['escape sequences', (m) => ({ ...m, run: '\u001b[2J' }), /refused: run/],
  ['no map', () => [], /expected object/],
  ['no JSON', () => 'schema: 1', /it is not JSON/],
  [
    'a prototype',
    () => '{"schema":1,"__proto__":{"run":"x"},"constructor":{}}',
    /refused: (?!.*__proto__ is)/,
  ],
  ['deep nesting', () => `${'['.repeat(200_000)}${']'.repeat(200_000)}`, /refused/],
];
for (const [what, spoil, message] of spoilt) {
  test(`bundle.json refused: ${what}`, () => refused(packed(entries(spoil(manifest()))), message));
}

test('nobody can keep us busy by the expression of a known fault', () => {
  const good = manifest();
  const job = jobOf({ ...good, job: { ...good.job, knownFaults: ['(a+)+$', 'WARNING: x'] } });
  const [first, second] = job.knownFaults;
  assert.ok(first?.title.test('(a+)+$'));
  assert.ok(!first?.title.test('a'.repeat(40)));
  assert.ok(second?.title.test('WARNING: x'));
  assert.ok(!second?.title.test('WARNING: xy'));
});

test("a device that is not in our table is not run, whatever the bundle's arguments are", async () => {
  const good = manifest();
  const own = { ...good, job: { ...good.job, device: 'my-machine' } };
  const { file } = await placed(packed(entries(own)));
  await assert.rejects(
    verifyBundle(file, signal, () => {}),
    /unknown device "my-machine"; only built-in devices/,
  );
});
