// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { AptSuite, NotInArchiveError } from '../../src/system/apt.js';
import { exists } from '../../src/system/files.js';

// An archive cannot be made to move on while it is asked: apt is a stand-in here, as it speaks.
const programIn = (archive: string): string => `#!/bin/sh
cd ${archive} || exit 1
echo "$*" >>said
case "$(basename "$0") $*" in
apt-get*indextargets*) echo https://mirror.example/debian ;;
apt-get*update*) echo update >>asked; cp now lists ;;
apt-cache*show*) echo "Package: kernel"; echo "Version: $(cat lists)"; echo "Architecture: all"; [ ! -e sums ] || cat sums ;;
apt-get*download*)
    wanted=$(echo "$*" | sed 's/.*kernel=//')
    echo "download $wanted" >>asked
    if grep -qx "$wanted" pool; then
        printf half >"$OLDPWD/kernel_\${wanted}_all.deb"
        [ ! -e killed ] || kill -KILL $$
        printf whole >"$OLDPWD/kernel_\${wanted}_all.deb"
    else
        echo "E: Failed to fetch https://mirror.example/kernel_\${wanted}_all.deb  404  Not Found [IP: 192.0.2.1]" >&2
        exit 100
    fi ;;
esac
`;

interface Archive {
  /** What its lists say from now on, and which versions it has. */
  readonly set: (listed: string, pool: string) => Promise<void>;
  readonly asked: () => Promise<string[]>;
  /** Its lists seem to have been fetched five minutes ago. */
  readonly age: () => Promise<void>;
  readonly suite: AptSuite;
  readonly dir: string;
}

async function archive(context: TestContext): Promise<Archive> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  const bin = join(dir, 'bin');
  await mkdir(bin);
  for (const name of ['apt-get', 'apt-cache']) {
    await writeFile(join(bin, name), programIn(dir));
    await chmod(join(bin, name), 0o755);
  }
  const wanted = {
    BUSYGUEST_CACHE: join(dir, 'cache'),
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
  };
  const before = Object.keys(wanted).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, wanted);
  context.after(async () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await rm(dir, { recursive: true, force: true });
  });
  return {
    async set(listed, pool) {
      await writeFile(join(dir, 'now'), listed);
      await writeFile(join(dir, 'pool'), pool);
    },
    async age() {
      const then = new Date(Date.now() - 5 * 60_000);
      await utimes(join(dir, 'cache/apt/sid-native/updated'), then, then);
    },
    asked: async () => (await readFile(join(dir, 'asked'), 'utf8')).trim().split('\n'),
    dir,
    suite: new AptSuite('sid', undefined, new AbortController().signal),
  };
}

const newest = async (suite: AptSuite): Promise<string> => {
  const found = await suite.show('kernel');
  assert.ok(found);
  return suite.download(found, () => undefined);
};

const noKeyring = async (): Promise<string | false> =>
  (await exists('/usr/share/keyrings/debian-archive-keyring.gpg'))
    ? false
    : 'debian-archive-keyring is not installed';

test('an archive that has moved on: the lists are fetched again, once, and then the file', async (context) => {
  const skip = await noKeyring();
  if (skip !== false) {
    context.skip(skip);
    return;
  }
  const { set, age, asked, suite } = await archive(context);
  await set('1', '1\n');
  assert.equal(basename(await newest(suite)), 'kernel_1_all.deb');
  await rm(join(process.env['BUSYGUEST_CACHE'] ?? '', 'apt/sid-native/debs'), { recursive: true });
  await set('2', '2\n');
  await age();
  const file = await suite.withNewLists(() => newest(suite));
  assert.equal(basename(file), 'kernel_2_all.deb');
  assert.deepEqual(await asked(), ['update', 'download 1', 'download 1', 'update', 'download 2']);
});

test('an archive without a file that its newest lists name: an error that says so, and what to do', async (context) => {
  const skip = await noKeyring();
  if (skip !== false) {
    context.skip(skip);
    return;
  }
  const { set, asked, suite } = await archive(context);
  await set('2', '1\n');
  await assert.rejects(
    suite.withNewLists(() => newest(suite)),
    (error: Error) => {
      assert.ok(error instanceof NotInArchiveError);
      assert.match(error.message, /^Debian sid lists kernel 2, but its archive does not have/);
      assert.match(error.todo ?? '', /BUSYGUEST_DEBIAN_MIRROR/);
      return true;
    },
  );
  assert.deepEqual(await asked(), ['update', 'download 2', 'download 2']);
});

test('a download that is killed in the middle is fetched anew, not found', async (context) => {
  const skip = await noKeyring();
  if (skip !== false) {
    context.skip(skip);
    return;
  }
  const { set, suite } = await archive(context);
  await set('1', '1\n');
  const killed = join(process.env['BUSYGUEST_CACHE'] ?? '', '..', 'killed');
  await writeFile(killed, '');
  await assert.rejects(newest(suite), /SIGKILL/);
  await rm(killed);
  assert.equal(await readFile(await newest(suite), 'utf8'), 'whole');
});

test(
  "where the cache is closed apt's own user fetches for root, and what arrives is checked",
  { skip: process.getuid?.() === 0 ? false : 'only root has another user to fetch' },
  async (context) => {
    const { set, suite, dir } = await archive(context);
    await set('1', '1');
    await chmod(join(dir, 'cache'), 0o700);
    const sum = createHash('sha256').update('whole').digest('hex');
    await writeFile(join(dir, 'sums'), `SHA256: ${sum}\n`);
    const file = await newest(suite);
    assert.equal(await readFile(file, 'utf8'), 'whole');
    assert.ok(file.startsWith(join(dir, 'cache')));
    assert.equal((await stat(file)).uid, 0);
    const said = (await readFile(join(dir, 'said'), 'utf8')).split('\n');
    const fetches = said.filter((line) => / (?:update|download) ?/.test(line));
    assert.ok(fetches.length >= 2, said.join('\n'));
    for (const line of fetches) assert.doesNotMatch(line, /APT::Sandbox::User/);
    await suite.forget(file);
    await writeFile(join(dir, 'sums'), `SHA256: ${'0'.repeat(64)}\n`);
    await rm(join(dir, 'cache/apt/sid-native/answers'), { recursive: true });
    await assert.rejects(newest(suite), /not the file that the lists name/);
  },
);
