// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deviceNames } from '../../src/devices/registry.js';
import { loadMatrix } from '../../src/jobs/load.js';
import { isMbox, readMail, splitMbox } from '../../src/kernels/mbox.js';
import { orderSeries } from '../../src/kernels/series-order.js';
import { ByteReader } from '../../src/kernels/packages/byte-reader.js';
import { cpioMembers } from '../../src/kernels/packages/cpio-reader.js';
import { debData } from '../../src/kernels/packages/deb.js';
import { safeName, type Member } from '../../src/kernels/packages/member.js';
import { moduleInfo } from '../../src/kernels/packages/modinfo.js';
import { rpmPayload } from '../../src/kernels/packages/rpm.js';
import { tarMembers } from '../../src/kernels/packages/tar.js';
import { JobError } from '../../src/model/errors.js';
import { parseManifest, parseResult } from '../../src/pipeline/bundle/manifest.js';
import { project } from '../integration/cli.js';
import { cpio, deb, kernelEntries, moduleKo, rpm, tar } from '../unit/kernels-packages-archives.js';
import { mutated } from './mutate.js';
import { crashesOf, filesOf, type Target } from './target.js';

/** What `work` gives, or undefined where it refuses its input by the error for that. */
async function orRefused<T>(work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JobError) return undefined;
    throw error;
  }
}

const matrices = ['pre-pull', 'smoke', 'nightly'].map((name) =>
  readFileSync(join(project, 'jobs', `${name}.yaml`)),
);

/** Any text as a job matrix: a matrix within bounds, or mistakes with places in the file. */
export const jobsTarget: Target = {
  name: 'jobs',
  shortRuns: 300,
  inputs: mutated({
    corpus: [...matrices, ...crashesOf('jobs')],
    tokens: [
      ...['kernels:', 'devices:', 'tests:', 'name: ', '- ', '  ', '\n', '{', '}', '[', ']', ', '],
      ...[
        '&a ',
        '*a',
        '<<: ',
        '!!binary ',
        '!x ',
        '|\n',
        '>\n',
        '? ',
        ': ',
        '---\n',
        '%YAML 1.1\n',
      ],
      ...['__proto__: ', 'constructor: ', '~', 'null', '0x7fffffff', '.inf', '1e400', '2026-01-01'],
      ...['"\\u0000"', "'", '"', '#', '\t', '\u2028', '\ufeff', 'qemu-powernv8', 'expect-on: '],
      ...[
        'quota-us: [1000, 2000]',
        'exclude: ',
        'known-faults: ',
        '[{title: "(a+)+$", reason: r}]',
      ],
    ],
    maxEdits: 4,
    maxBytes: 8000,
    splice: true,
  }),
  async check(input) {
    const text = input.toString('utf8');
    const matrix = await orRefused(() =>
      loadMatrix('m.yaml', text, { knownDevices: deviceNames() }),
    );
    assert.ok(matrix === undefined || matrix.jobs.length <= 10_000);
    for (const { name } of matrix?.jobs ?? []) assert.match(name, /^[a-z0-9][\w.-]*$/i);
    assert.equal(Object.getPrototypeOf({}), Object.prototype);
    assert.deepEqual(Object.keys(Object.prototype), []);
  },
};

/** Any bytes as a mailbox: mails in an order, or why not. */
export const mboxTarget: Target = {
  name: 'mbox',
  shortRuns: 200,
  inputs: mutated({
    corpus: [...filesOf('mbox'), ...crashesOf('mbox')],
    tokens: [
      ...['From x Mon Sep 17 00:00:00 2001\n', 'Subject: [PATCH 1/2] x\n', 'From: a <b@c>\n', '\n'],
      ...['Content-Transfer-Encoding: base64\n', 'Content-Type: multipart/mixed; boundary="b"\n'],
      ...['--b\n', '--b--\n', '=?utf-8?B?', '?=', '=\n', '=00', 'format=flowed', '>From ', '\r\n'],
      ...['diff --git a/x b/x\n', '--- a/x\n+++ b/x\n', '@@ -1,3 +1,3 @@\n', 'Message-Id: <x@y>\n'],
      ...['charset="utf-7"', 'charset=', 'In-Reply-To: <x@y>\n', '[PATCH v99 0/9999]'],
    ],
    maxEdits: 4,
    maxBytes: 30_000,
    splice: true,
  }),
  async check(input) {
    const parts = isMbox(input) ? splitMbox(input) : [input];
    const mails = await Promise.all(parts.map((mail, i) => readMail(mail, `mail ${i}`)));
    const ordered = await orRefused(() => orderSeries(mails, 'x'));
    for (const mail of ordered ?? []) assert.ok(mails.includes(mail));
  },
};

/** Reads all members of an archive; each must keep what it claims. */
async function drain(members: AsyncIterable<Member>): Promise<void> {
  for await (const member of members) {
    const name = await orRefused(() => safeName(member, 'x'));
    if (name !== undefined) {
      assert.ok(!name.startsWith('/') && !name.split('/').includes('..'), name);
    }
    if (member.kind !== 'file' || member.size > 1_000_000) continue;
    let bytes = 0;
    for await (const part of member.content()) bytes += part.length;
    assert.equal(bytes, member.size);
  }
}

async function* inPieces(input: Buffer): AsyncGenerator<Buffer> {
  const half = Math.floor(input.length / 2);
  yield input.subarray(0, half);
  yield Promise.resolve(input.subarray(half));
}

const entries = kernelEntries();
const long = [{ name: '././@LongLink', type: 'L', data: `${'x'.repeat(150)}\0` }];
const pax = [{ name: 'pax', type: 'x', data: '16 path=escaped\n12 size=10\n' }];
const archiveTokens = [
  ...['\0', '../', '/', './', 'boot/vmlinux', '070701', 'TRAILER!!!\0', 'ustar\0', '0000644\0'],
  ...['77777777777', 'ffffffff', '00000000', 'data.tar', 'data.tar.zst', '`\n', '!<arch>\n'],
  ...['path=', 'size=', 'GNU.sparse', 'x'.repeat(200), '\u00ff'],
];
const archive = (
  name: string,
  corpus: readonly Buffer[],
  check: Target['check'],
  shortRuns: number,
): Target => ({
  name,
  shortRuns,
  check,
  inputs: mutated({
    corpus: [...corpus, ...crashesOf(name)],
    tokens: archiveTokens,
    maxEdits: 4,
    maxBytes: 40_000,
    splice: true,
  }),
});

const place = mkdtempSync(join(tmpdir(), 'busyguest-fuzz-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true }));

type Opener = typeof debData | typeof rpmPayload;

/** Packages begin with headers that are read at places in a file. */
async function openPackage(
  kind: string,
  input: Buffer,
  opener: Opener,
  members: (reader: ByteReader) => AsyncIterable<Member>,
): Promise<void> {
  const file = join(place, kind);
  writeFileSync(file, input);
  const handle = await open(file);
  try {
    await orRefused(async () => {
      const reader = new ByteReader(await opener(file, handle), file);
      try {
        await drain(members(reader));
      } finally {
        await reader.close();
      }
    });
  } finally {
    await handle.close();
  }
}

/** Any bytes as an archive or a package: its members within bounds, or a refusal. */
export const archiveTargets: readonly Target[] = [
  archive(
    'tar',
    [tar(entries), tar([...long, ...entries]), tar([...pax, ...entries])],
    (input) => orRefused(() => drain(tarMembers(new ByteReader(inPieces(input), 'x')))),
    300,
  ),
  archive(
    'cpio',
    [cpio(entries)],
    (input) => orRefused(() => drain(cpioMembers(new ByteReader(inPieces(input), 'x')))),
    300,
  ),
  archive(
    'deb',
    [deb(tar(entries))],
    (input) => openPackage('deb', input, debData, tarMembers),
    150,
  ),
  archive(
    'rpm',
    [rpm(cpio(entries))],
    (input) => openPackage('rpm', input, rpmPayload, cpioMembers),
    150,
  ),
  archive(
    'module',
    [moduleKo('kvm_hv', 'kvm,other-lib')],
    (input) => {
      const info = moduleInfo(input);
      assert.ok(info === undefined || info.depends.every((name) => !name.includes('/')));
    },
    1000,
  ),
];

const bundleJson = Buffer.from(
  JSON.stringify({
    schema: 1,
    run: 'r',
    startedAt: '',
    job: { name: 'j', kernel: 'k', device: 'd', test: 't', expect: 'PASS', knownFaults: ['x'] },
    boot: { commandLine: ['a=b'], payloadArgs: [], cpus: 1 },
  }),
);

/** Any text as bundle.json or status.json of a bundle. */
export const manifestTarget: Target = {
  name: 'manifest',
  shortRuns: 500,
  inputs: mutated({
    corpus: [bundleJson, ...crashesOf('manifest')],
    tokens: [
      '"',
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '\\u0000',
      '__proto__',
      'null',
      '1e999',
      '"status"',
    ],
    maxEdits: 5,
    maxBytes: 4000,
    splice: true,
  }),
  async check(input) {
    const text = input.toString('utf8');
    await orRefused(() => parseManifest('x', text));
    await orRefused(() => parseResult('x', text));
    assert.deepEqual(Object.keys(Object.prototype), []);
  },
};
