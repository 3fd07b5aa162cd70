// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { kernelSource } from '../../src/kernels/source.js';
import { TarListing } from '../../src/kernels/tar-listing.js';
import { InfraError, JobError } from '../../src/model/errors.js';
import { aMinuteLater } from './own-cache.js';

const signal = new AbortController().signal;
const hv = 'arch/powerpc/kvm/book3s_hv.c';
// Neither UTF-8 nor all lines ended: a source is bytes.
const code = Buffer.from([0x2f, 0x2f, 0xe9, 0x0a, 0x78]);

const has = (program: string): boolean =>
  spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0;

const pin = (name: string): Promise<PinnedSource> =>
  kernelSource(name).pin(signal, () => undefined);

/** A folder of its own for the test, and a cache in it. */
async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  const before = process.env['BUSYGUEST_CACHE'];
  process.env['BUSYGUEST_CACHE'] = join(dir, 'cache');
  context.after(async () => {
    if (before === undefined) delete process.env['BUSYGUEST_CACHE'];
    else process.env['BUSYGUEST_CACHE'] = before;
    await rm(dir, { recursive: true, force: true });
  });
  return dir;
}

async function writeTree(dir: string): Promise<void> {
  await mkdir(join(dir, 'arch/powerpc/kvm'), { recursive: true });
  await writeFile(join(dir, 'Makefile'), 'VERSION = 7\n');
  await writeFile(join(dir, 'Kconfig'), 'mainmenu\n');
  await writeFile(join(dir, hv), code);
  await symlink('../Makefile', join(dir, 'arch/link'));
}

const sh = (cwd: string, script: string): string =>
  execFileSync('bash', ['-ec', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    .toString()
    .trim();

/** A repository with two commits and a tag on the first. */
async function repository(dir: string): Promise<string> {
  const path = join(dir, 'linux');
  await mkdir(path);
  await writeTree(path);
  sh(
    path,
    `git init -q -b main; git config user.name a; git config user.email a@example.org
    git add .; git commit -qm one; git tag -am tagged v1
    echo VERSION = 8 > Makefile; git commit -qam two`,
  );
  return path;
}

const text = async (source: PinnedSource, file: string): Promise<string | undefined> =>
  (await source.readFile(file, signal))?.content.toString();

async function isRefused(work: Promise<unknown>, message: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof JobError, String(error));
    assert.match(error.message, message);
    return true;
  });
}

test('git+URL#REF: branch, tag and commit; only that commit is fetched', async (context) => {
  const dir = await folder(context);
  const path = await repository(dir);
  const url = `git+file://${path}`;
  const main = await pin(`${url}#main`);
  assert.equal(await text(main, 'Makefile'), 'VERSION = 8\n');
  assert.deepEqual((await main.readFile(hv, signal))?.content, code);
  assert.equal(main.label, `file://${path} main ${sh(path, 'git rev-parse main')}`);
  const bare = join(dir, 'cache/git', (await readdir(join(dir, 'cache/git')))[0] ?? '');
  assert.equal(sh(bare, 'git rev-list --all --count'), '1');
  assert.equal(await text(await pin(`${url}#v1`), 'Makefile'), 'VERSION = 7\n');
  const first = sh(path, 'git rev-parse main~1');
  assert.equal(await text(await pin(`${url}#${first}`), 'Makefile'), 'VERSION = 7\n');

  const copy = join(dir, 'copy');
  await mkdir(copy);
  await main.copyTo(copy, signal);
  assert.deepEqual(await readFile(join(copy, hv)), code);
});

test('git+URL#REF follows a branch, and what was pinned stays', async (context) => {
  const dir = await folder(context);
  const path = await repository(dir);
  const before = await pin(`git+file://${path}#main`);
  sh(path, 'echo VERSION = 9 > Makefile; git commit -q --amend -am three');
  const after = await pin(`git+file://${path}#main`);
  assert.equal(await text(after, 'Makefile'), 'VERSION = 9\n');
  assert.equal(await text(before, 'Makefile'), 'VERSION = 8\n');
  assert.notEqual(before.id, after.id);
});

test('git+URL#REF: several at once do not disturb each other', async (context) => {
  const dir = await folder(context);
  const path = await repository(dir);
  const refs = ['main', 'v1', 'main', 'v1'];
  const sources = await Promise.all(refs.map((ref) => pin(`git+file://${path}#${ref}`)));
  const versions = await Promise.all(sources.map((source) => text(source, 'Makefile')));
  assert.deepEqual(versions, ['VERSION = 8\n', 'VERSION = 7\n', 'VERSION = 8\n', 'VERSION = 7\n']);
});

test('git+URL#REF: a ref that is not there is input, a server that is not there is not', async (context) => {
  const dir = await folder(context);
  const path = await repository(dir);
  await isRefused(pin(`git+file://${path}#nowhere`), /has no "nowhere"/);
  await isRefused(pin(`git+file://${path}#${'1'.repeat(40)}`), /has no "1111/);
  await assert.rejects(pin(`git+file://${dir}/none#main`), InfraError);
});

test("a ref of a local repository: the user's work tree, index and refs are not touched", async (context) => {
  const dir = await folder(context);
  const path = await repository(dir);
  sh(path, 'echo changed > Makefile; echo new > untracked');
  const state = (): string =>
    sh(path, 'git status --porcelain; git for-each-ref; sha1sum .git/index .git/HEAD');
  const before = state();
  const copy = join(dir, 'copy');
  await mkdir(copy);
  await (await pin(`${path}#v1`)).copyTo(copy, signal);
  assert.equal(await readFile(join(copy, 'Makefile'), 'utf8'), 'VERSION = 7\n');
  assert.equal(state(), before);
});

for (const [ending, flag] of [
  ['tar.xz', '-J'],
  ['tar.gz', '-z'],
  ['tar.zst', '--zstd'],
] as const) {
  const skip = ending === 'tar.zst' && !has('zstd') && 'zstd is missing';
  test(`a .${ending} is unpacked once, by its content`, { skip }, async (context) => {
    const dir = await folder(context);
    await writeTree(join(dir, 'linux-7'));
    const file = join(dir, `linux-7.${ending}`);
    sh(dir, `tar ${flag} -cf ${file} linux-7`);
    const source = await pin(file);
    assert.equal(await text(source, 'Makefile'), 'VERSION = 7\n');
    assert.match(source.label, /no signature/);
    const tree = join(dir, 'cache/sources', source.id);
    await writeFile(join(tree, 'mark'), 'the same folder');
    sh(dir, `cp ${file} other.${ending}`);
    const again = await pin(join(dir, `other.${ending}`));
    assert.equal(again.id, source.id);
    assert.equal(await text(again, 'mark'), 'the same folder');
  });
}

test('a tarball without a folder around the tree; and one that changed', async (context) => {
  const dir = await folder(context);
  await writeTree(join(dir, 'tree'));
  const file = join(dir, 'x.tar.gz');
  sh(dir, `tar -czf ${file} -C tree .`);
  const before = await pin(file);
  assert.equal(await text(before, 'Makefile'), 'VERSION = 7\n');
  sh(dir, `echo VERSION = 8 > tree/Makefile; tar -czf ${file} -C tree .`);
  await utimes(file, 1, 1);
  const after = await pin(file);
  assert.equal(await text(after, 'Makefile'), 'VERSION = 8\n');
});

test('a tarball is read once; again when its signature comes', async (context) => {
  const dir = await folder(context);
  aMinuteLater(context);
  await writeTree(join(dir, 'tree'));
  const file = join(dir, 'x.tar.gz');
  sh(dir, `tar -czf ${file} -C tree .`);
  const said: string[] = [];
  const read = async (): Promise<number> => {
    // Without gpg the false signature is not checked, with it refused.
    await kernelSource(file)
      .pin(signal, (text) => said.push(text))
      .catch(() => undefined);
    return said.splice(0).filter((text) => text.startsWith('reading')).length;
  };
  assert.deepEqual([await read(), await read()], [1, 0]);
  await writeFile(`${file}.asc`, 'no signature');
  assert.equal(await read(), 1);
});

for (const [what, script, message] of [
  [
    'a path outside',
    'tar -czPf x.tar.gz --transform "s,^evil,../../evil," linux evil',
    /leads outside/,
  ],
  ['an absolute path', 'tar -czPf x.tar.gz linux "$PWD/evil"', /absolute path/],
  ['an absolute link', 'ln -s /etc/passwd linux/l; tar -czf x.tar.gz linux', /leads outside/],
  ['a link outside', 'ln -s ../../x linux/l; tar -czf x.tar.gz linux', /leads outside/],
  [
    'a link that is outside after a detour',
    'mkdir linux/a; ln -s .. linux/a/up; ln -s a/up/../.. linux/b; tar -czf x.tar.gz linux',
    /through another link/,
  ],
  [
    'a file behind a link',
    'ln -s a linux/l; mkdir more; mkdir -p more/linux/l; echo x > more/linux/l/f; tar -cf x.tar linux; tar -rf x.tar -C more linux/l/f; gzip x.tar',
    /through a link/,
  ],
  [
    'a hard link',
    'ln linux/Makefile linux/l; tar -czf x.tar.gz linux',
    /no file, folder or symbolic link/,
  ],
  ['a pipe', 'mkfifo linux/p; tar -czf x.tar.gz linux', /no file, folder or symbolic link/],
  ['a strange name', "touch linux/$'a\\nb'; tar -czf x.tar.gz linux", /strange name/],
  ['a cut tarball', 'tar -czf y.tar.gz linux; head -c 200 y.tar.gz > x.tar.gz', /damaged/],
  ['no tarball', 'echo hello > x.tar.gz', /damaged/],
  ['no kernel', 'mkdir k; touch k/a k/b; tar -czf x.tar.gz k', /not a kernel tree/],
] as const) {
  test(`a tarball with ${what} is refused, and nothing of it stays`, async (context) => {
    const dir = await folder(context);
    await writeTree(join(dir, 'linux'));
    await writeFile(join(dir, 'evil'), 'evil');
    sh(dir, script);
    await isRefused(pin(join(dir, 'x.tar.gz')), message);
    assert.deepEqual(await readdir(join(dir, 'cache/sources')), []);
  });
}

test('a bomb is refused by its sizes', () => {
  const listing = new TarListing();
  for (let i = 0; i < 20; i++) listing.feed(`-rw-r--r-- 0/0 1073741824 2026-01-01 00:00 "k/${i}"`);
  assert.match(listing.fault ?? '', /GiB unpacked/);
});

const noGpg = !has('gpg') && 'gpg is missing';

/** A home for gpg's keys while a test runs. */
async function gnupg(context: TestContext, dir: string): Promise<void> {
  const home = join(dir, 'gnupg');
  await mkdir(home, { mode: 0o700 });
  const before = process.env['GNUPGHOME'];
  process.env['GNUPGHOME'] = home;
  context.after(() => {
    sh('/', 'gpgconf --kill all || true');
    if (before === undefined) delete process.env['GNUPGHOME'];
    else process.env['GNUPGHOME'] = before;
  });
}

test(
  'a signature of a key that has expired is not called good',
  { skip: noGpg },
  async (context) => {
    const dir = await folder(context);
    await gnupg(context, dir);
    await writeTree(join(dir, 'linux'));
    sh(
      dir,
      `old="gpg --batch --quiet --faked-system-time 20200101T000000!"
    $old --passphrase '' --quick-gen-key 'Old Key <k@example.org>' ed25519 sign 1d
    tar -czf a.tar.gz linux; $old --detach-sign -o a.tar.gz.sig a.tar.gz`,
    );
    const { label } = await pin(join(dir, 'a.tar.gz'));
    assert.match(label, /signature of an expired key, which proves nothing: Old Key/);
    assert.doesNotMatch(label, /good/);
  },
);

test(
  'signatures: good, bad, without key, of the unpacked tarball',
  { skip: noGpg },
  async (context) => {
    const dir = await folder(context);
    await gnupg(context, dir);
    await writeTree(join(dir, 'linux'));
    sh(
      dir,
      `gpg --batch --quiet --passphrase '' --quick-gen-key 'Key Holder <k@example.org>' ed25519 sign never
    tar -cf a.tar linux; gpg --batch --quiet --detach-sign -a -o a.tar.sign a.tar; xz a.tar
    tar -czf b.tar.gz linux; gpg --batch --quiet --detach-sign -o b.tar.gz.sig b.tar.gz
    cp b.tar.gz c.tar.gz; cp a.tar.sign c.tar.gz.asc
    cp b.tar.gz d.tar.gz; echo nothing > d.tar.gz.asc`,
    );
    assert.match((await pin(join(dir, 'a.tar.xz'))).label, /signature good: Key Holder/);
    assert.match((await pin(join(dir, 'b.tar.gz'))).label, /signature good: Key Holder/);
    await isRefused(
      pin(join(dir, 'c.tar.gz')),
      /BAD signature in c\.tar\.gz\.asc: signed by Key Holder/,
    );
    await isRefused(pin(join(dir, 'd.tar.gz')), /BAD signature/);
    sh(dir, 'gpgconf --kill all || true');
    const empty = join(dir, 'empty');
    await mkdir(empty, { mode: 0o700 });
    process.env['GNUPGHOME'] = empty;
    sh(dir, 'cp b.tar.gz e.tar.gz; cp b.tar.gz.sig e.tar.gz.sig');
    assert.match((await pin(join(dir, 'e.tar.gz'))).label, /not checked: no key [0-9A-F]+/);
  },
);
