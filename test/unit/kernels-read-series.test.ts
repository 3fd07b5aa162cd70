// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { readSeries } from '../../src/kernels/read-series.js';
import { subjectTags } from '../../src/kernels/series-order.js';
import { trySeries } from '../../src/kernels/series.js';
import { writeTreeFiles, type TreeFile } from '../../src/kernels/tree-file.js';
import { JobError } from '../../src/model/errors.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/mbox/', import.meta.url));
const signal = new AbortController().signal;

const regular = (text: string): TreeFile => ({ mode: '100644', content: Buffer.from(text) });
const source: PinnedSource = {
  id: 'test',
  label: 'test',
  readFile: (path) =>
    Promise.resolve(path === 'dir/a.c' ? regular('one\n\ntwo\nthree\nfour\n') : undefined),
  copyTo: () => Promise.reject(new Error('not needed')),
  copyFiles: () => Promise.reject(new Error('not needed')),
};

/** The third line of dir/a.c after the series. */
async function applied(path: string): Promise<string | undefined> {
  const result = await trySeries(source, await readSeries(path, signal), signal);
  assert.ok(result.applies, JSON.stringify(result));
  return result.files.get('dir/a.c')?.content.toString().split('\n')[2];
}

const names = async (file: string): Promise<string[]> =>
  (await readSeries(join(fixtures, file), signal)).map(({ name }) => name);

const refuses = async (path: string, message: RegExp): Promise<void> => {
  await assert.rejects(readSeries(path, signal), (error) => {
    assert.ok(error instanceof JobError);
    assert.match(error.message, message);
    return true;
  });
};

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true }));
  return dir;
}

const steps = ['0001-a-change.patch', '0002-a-again.patch'];

test('a thread: cover letter and replies are left out, the tags give the order', async () => {
  assert.deepEqual(await names('thread.mbox'), steps);
  assert.equal(await applied(join(fixtures, 'thread.mbox')), '2.5 of version 1');
});

test('escaped From lines are put back, and do not split a mail', async () => {
  const [first] = await readSeries(join(fixtures, 'thread.mbox'), signal);
  assert.match(first?.text ?? '', /^From here on a line/m);
  assert.equal(first?.from, 'Ann Author <ann@example.org>');
  assert.equal(first?.subject, '[PATCH 1/2] a: change');
});

for (const [file, version] of [
  ['two-versions.mbox', 2],
  ['v2-alone.mbox', 2],
  ['cover-of-v2.mbox', 1],
] as const) {
  test(`${file}: version ${version} is taken`, async () => {
    assert.equal(await applied(join(fixtures, file)), `2.5 of version ${version}`);
  });
}

test('a follow-up in answer to the series is no part of it', async () => {
  assert.deepEqual(await names('follow-up.mbox'), steps);
});

for (const [file, message] of [
  ['missing.mbox', /missing\.mbox: the series lacks 1\/2/],
  ['no-patch.mbox', /no patch in it/],
  ['two-of-one.mbox', /two patches are 1\/2: "a: change" and "b: other"/],
  ['unrelated.mbox', /two series: .*b: other.* and .*a: /],
  ['nothing-there.mbox', /nothing-there\.mbox: no patches/],
] as const) {
  test(`${file} is refused`, () => refuses(join(fixtures, file), message));
}

test('quoted-printable, base64, encoded words and CRLF are decoded', async () => {
  const patches = await readSeries(join(fixtures, 'quoted-printable.mbox'), signal);
  assert.deepEqual(
    patches.map(({ name, from, subject }) => [name, from, subject]),
    [
      ['0001-a-caf.patch', 'Jörg <j@example.org>', '[PATCH 1/2] a: café'],
      ['0002-a-in-base64.patch', 'Ann Author <ann@example.org>', '[PATCH 2/2] a: in base64'],
    ],
  );
  assert.match(patches[0]?.text ?? '', /^\+t=wo – w{80}$/m);
  assert.equal(await applied(join(fixtures, 'quoted-printable.mbox')), '2');
});

test('format=flowed: broken lines are joined, empty context lines are not', async () => {
  assert.equal(
    await applied(join(fixtures, 'flowed.mbox')),
    'two, which is a line that is so long that a mail program with format=flowed breaks it in two places at least, as here',
  );
});

test('an attached patch', async () => {
  assert.equal(await applied(join(fixtures, 'attached.mbox')), 'two and a half');
});

test('a charset other than UTF-8', async () => {
  assert.equal(await applied(join(fixtures, 'latin1.mbox')), 'café');
});

test('a maildir: what is still being delivered is left out', async () => {
  assert.deepEqual(await names('maildir'), steps);
  assert.equal(await applied(join(fixtures, 'maildir')), '2.5');
});

test('the output of git format-patch --stdout, packed too', async (context) => {
  const plain = join(fixtures, 'format-patch.mbox');
  assert.equal(await applied(plain), '2.5');
  const packed = join(await folder(context), 't.mbox.gz');
  await writeFile(packed, gzipSync(await readFile(plain)));
  assert.equal(await applied(packed), '2.5');
  await writeFile(packed, 'not packed at all');
  await refuses(packed, /t\.mbox\.gz: incorrect header check/);
});

test('a folder of patches: cover letter left out, one missing is told, names kept', async (context) => {
  const dir = await folder(context);
  const [, second, first] = (await readFile(join(fixtures, 'thread.mbox'), 'utf8'))
    .split(/^From mboxrd.*\n/m)
    .slice(1);
  await writeFile(
    join(dir, '0000-cover-letter.patch'),
    'Subject: [PATCH 0/2] x\n\n*** BLURB ***\n',
  );
  await writeFile(join(dir, '0002-again.patch'), second ?? '');
  await refuses(dir, /lacks 1\/2/);
  await writeFile(join(dir, '0001-change.patch'), first ?? '');
  const patches = await readSeries(dir, signal);
  assert.deepEqual(
    patches.map(({ name, text }) => [name, text]),
    [
      ['0001-change.patch', first],
      ['0002-again.patch', second],
    ],
  );
});

test('one patch that is named is taken as it is, 1/2 or not', async (context) => {
  const file = join(await folder(context), 'one.patch');
  const mail = (await readFile(join(fixtures, 'format-patch.mbox'), 'utf8')).split(
    /^(?=From 2)/m,
  )[0];
  await writeFile(file, mail ?? '');
  assert.deepEqual(
    (await readSeries(file, signal)).map(({ name, text }) => [name, text]),
    [['one.patch', mail]],
  );
  await writeFile(file, 'no diff in here\n');
  await refuses(file, /no patches/);
});

test('a damaged patch does not apply, and says so', async () => {
  const patches = await readSeries(join(fixtures, 'damaged.mbox'), signal);
  const result = await trySeries(source, patches, signal);
  assert.ok(!result.applies);
  assert.match(result.output, /corrupt patch/);
});

test('a git range is a series; a bad one is told', async (context) => {
  const dir = await folder(context);
  const git = (...args: string[]): void => {
    const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
    execFileSync('git', ['-C', dir, ...who, ...args], { stdio: 'pipe' });
  };
  git('init', '-q', '-b', 'main');
  await cp(fileURLToPath(import.meta.url), join(dir, 'other'));
  for (const text of ['two', 'two and a half', '2.5']) {
    execFileSync('mkdir', ['-p', join(dir, 'dir')]);
    await writeFile(join(dir, 'dir/a.c'), `one\n\n${text}\nthree\nfour\n`);
    git('add', '.');
    git('commit', '-q', '-m', `a: ${text}`);
  }
  // What a user likes to see must not get into what is applied.
  git('config', 'format.attach', 'true');
  git('config', 'diff.noprefix', 'true');
  git('config', 'format.subjectPrefix', 'FOO');
  assert.equal(await applied(`${dir}#main~2..main`), '2.5');
  const patches = await readSeries(`${dir}#main~2..main`, signal);
  assert.deepEqual(
    patches.map(({ name }) => name),
    ['0001-a-two-and-a-half.patch', '0002-a-2.5.patch'],
  );
  await refuses(`${dir}#main..main`, /no patch in it/);
  await refuses(`${dir}#main..nowhere`, /nowhere/);
});

test('a patched script stays a program', async (context) => {
  const dir = await folder(context);
  await writeFile(join(dir, 'run.sh'), 'old', { mode: 0o755 });
  await writeTreeFiles(dir, new Map([['run.sh', { mode: '100755', content: Buffer.from('new') }]]));
  assert.equal(
    execFileSync('find', [dir, '-name', 'run.sh', '-perm', '755']).toString().trim(),
    join(dir, 'run.sh'),
  );
});

for (const [subject, version, place, title] of [
  ['[PATCH] t', 1, undefined, 't'],
  ['[PATCH v3 02/11] t: u', 3, '2/11', 't: u'],
  ['[RFC PATCHv2 1/3] t', 2, '1/3', 't'],
  ['[PATCH 1/3 v4] t', 4, '1/3', 't'],
  ['[list-name] [net-next,v12,1/3] t', 12, '1/3', 't'],
  ['[PATCH v2] fix 1/2 of v9 [not a tag]', 2, undefined, 'fix 1/2 of v9 [not a tag]'],
  ['no tags', 1, undefined, 'no tags'],
] as const) {
  test(`tags of "${subject}"`, () => {
    const tags = subjectTags(subject);
    assert.equal(tags.version, version);
    assert.equal(tags.n === undefined ? undefined : `${tags.n}/${tags.m}`, place);
    assert.equal(tags.title, title);
  });
}
