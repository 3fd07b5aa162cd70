// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { publish } from '../../src/labs/artefacts/publish.js';
import { parseTarget } from '../../src/labs/artefacts/target.js';
import { InfraError, UsageError } from '../../src/model/errors.js';
import { digestFile } from '../../src/system/files.js';
import { firstLine } from '../../src/system/processes.js';

const { signal } = new AbortController();

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function files(dir: string): Promise<{ kind: string; path: string }[]> {
  await writeFile(join(dir, 'a'), 'kernel');
  await writeFile(join(dir, 'b'), 'image');
  await writeFile(join(dir, 'b2'), 'image');
  return [
    { kind: 'vmlinux', path: join(dir, 'a') },
    { kind: 'initramfs.cpio', path: join(dir, 'b') },
    { kind: 'initramfs.cpio', path: join(dir, 'b2') },
  ];
}

test('a folder: names of the content, nothing written twice', async (context) => {
  const dir = await folder(context);
  const shown = join(dir, 'shown');
  const target = parseTarget(shown, 'https://files.lab/x');
  const some = await files(dir);
  await using first = await publish(some, target, signal);
  assert.equal(first.added, 2);
  const kernel = first.artefacts.get(join(dir, 'a'));
  assert.match(kernel?.url ?? '', /^https:\/\/files\.lab\/x\/vmlinux-[0-9a-f]{24}$/);
  assert.equal(kernel?.sha256, await digestFile(join(dir, 'a')));
  assert.equal(await readFile(join(shown, kernel?.name ?? ''), 'utf8'), 'kernel');
  const before = await stat(join(shown, kernel?.name ?? ''));
  await using second = await publish(some, target, signal);
  assert.equal(second.added, 0);
  assert.equal((await stat(join(shown, kernel?.name ?? ''))).ino, before.ino);
  assert.equal((await readdir(shown)).length, 2);
});

test('the built-in server: these files, nothing else, and it ends', async (context) => {
  const dir = await folder(context);
  await using published = await publish(
    await files(dir),
    parseTarget('http://127.0.0.1:0'),
    signal,
  );
  const url = published.artefacts.get(join(dir, 'a'))?.url ?? '';
  const answer = await fetch(url);
  assert.equal(await answer.text(), 'kernel');
  assert.equal((await fetch(url, { method: 'HEAD' })).headers.get('content-length'), '6');
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
  for (const other of ['/', 'a', '../a', '%2e%2e/a', `..%2f..${dir}/a`]) {
    assert.equal((await fetch(new URL(other, url))).status, 404, other);
  }
  await published[Symbol.asyncDispose]();
  await assert.rejects(fetch(url));
});

test('a port that is taken is told', async (context) => {
  const dir = await folder(context);
  const some = await files(dir);
  await using first = await publish(some, parseTarget('http://127.0.0.1:0'), signal);
  const { port } = new URL(first.artefacts.get(join(dir, 'a'))?.url ?? '');
  await assert.rejects(
    publish(some, parseTarget(`http://127.0.0.1:${port}`), signal),
    (error) => error instanceof InfraError && error.message.includes(port),
  );
});

const hasRsync = (await firstLine(['rsync', '--version'])) !== undefined;

test('rsync: sent once', { skip: hasRsync ? false : 'no rsync here' }, async (context) => {
  const dir = await folder(context);
  const remote = join(dir, 'remote');
  await mkdir(remote);
  // Instead of ssh: the command that would run on the other machine runs here.
  const shell = join(dir, 'shell');
  await writeFile(shell, '#!/bin/sh\nshift\nexec "$@"\n');
  await chmod(shell, 0o755);
  process.env['RSYNC_RSH'] = shell;
  context.after(() => delete process.env['RSYNC_RSH']);
  const target = parseTarget(`files.lab:${remote}`, 'https://files.lab/x/');
  await using first = await publish(await files(dir), target, signal);
  assert.equal(first.added, 2);
  const { name = '' } = first.artefacts.get(join(dir, 'a')) ?? {};
  assert.equal(await readFile(join(remote, name), 'utf8'), 'kernel');
  await using second = await publish(await files(dir), target, signal);
  assert.equal(second.added, 0);
});

test('targets that cannot be meant are refused', () => {
  assert.equal(parseTarget('out').kind, 'folder');
  assert.match((parseTarget('/srv/x') as { url: string }).url, /^file:\/\/\/srv\/x\/$/);
  for (const [text, url] of [
    ['host:/srv', undefined],
    ['out', 'files.lab/x'],
    ['http://127.0.0.1:0/sub', undefined],
    ['http://127.0.0.1:0', 'https://files.lab'],
  ] as const) {
    assert.throws(() => parseTarget(text, url), UsageError, text);
  }
});
