// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { GitBisect, commitOf } from '../../src/kernels/git-bisect.js';
import { ObjectTree } from '../../src/kernels/git-objects.js';
import { gitSource } from '../../src/kernels/git-source.js';
import { JobError } from '../../src/model/errors.js';
import { noSandbox } from './needs-sandbox.js';
import { ownCache } from './own-cache.js';

// A kernel of the cache is known by the name of its tree. A stranger's repository that has another tree under that name
// would put its kernel in the place of yours.

const { signal } = new AbortController();
const hv = 'arch/powerpc/kvm/book3s_hv.c';
const user = 'git config user.name a; git config user.email a@example.org';
const sh = (cwd: string, script: string): string =>
  execFileSync('bash', ['-ec', script], { cwd, encoding: 'utf8' }).trim();

function repository(dir: string, name: string, format = 'sha1'): string {
  const tree = join(dir, name);
  for (const [path, text] of Object.entries({
    [hv]: 'honest\n',
    'b/f': '$Format:%H$ $Id$\r\n',
    '.gitattributes': 'b/f export-subst ident eol=crlf\nb/g export-ignore\n',
    'b/g': 'g\n',
  })) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  }
  symlinkSync('f', join(tree, 'b/l'));
  sh(tree, `git init -qb main --object-format=${format}; ${user}; chmod +x b/g; git add -A`);
  sh(tree, 'git -c core.autocrlf=false commit -qm one');
  return tree;
}

/** The source's id, and the file as it would be built, or why not. */
async function built(tree: string): Promise<string> {
  try {
    const source = await gitSource(tree, 'main').pin(signal, () => undefined);
    const dir = join(dirname(tree), `built-${Math.random()}`);
    mkdirSync(dir);
    await source.copyTo(dir, signal);
    return `${source.id} ${readFileSync(join(dir, hv), 'utf8').trim()}`;
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return error.message;
  }
}

const evilBlob = `b=$(git rev-parse main:${hv}); n=$(echo evil | git hash-object -w --stdin)`;
const evilTree = `echo evil > ${hv}; git add ${hv}; n=$(git write-tree); b=$(git rev-parse main^{tree})`;
const inPlace = 'cp -f .git/objects/${n:0:2}/${n:2} .git/objects/${b:0:2}/${b:2}';

test(
  'under the name of a tree is built what has that name, whatever its repository says',
  { skip: noSandbox },
  async (context) => {
    const { dir } = await ownCache(context);
    const honest = await built(repository(dir, 'honest'));
    assert.match(honest, /^git-[0-9a-f]{40} honest$/);
    const harmless = {
      'a replaced file': `${evilBlob}; git replace $b $n`,
      'a replaced tree': `${evilTree}; git replace $b $n`,
      'a file that is left out': `echo "${hv} export-ignore" > .git/info/attributes`,
      'a filter': `echo "*.c filter=f" > .git/info/attributes; git config filter.f.smudge "sed s/honest/evil/"`,
    };
    for (const [what, attack] of Object.entries(harmless)) {
      const tree = repository(dir, what.replaceAll(' ', '-'));
      sh(tree, attack);
      assert.equal(await built(tree), honest, what);
    }
    const refused = {
      'a file under the name of another': `${evilBlob}; ${inPlace}`,
      'a tree under the name of another': `${evilTree}; ${inPlace}`,
      'a commit under the name of another': `b=$(git rev-parse main); ${evilTree.split('; b=')[0] ?? ''}; n=$(git commit-tree -m x $n); ${inPlace}`,
    };
    for (const [what, attack] of Object.entries(refused)) {
      const tree = repository(dir, what.replaceAll(' ', '-'));
      sh(tree, attack);
      // git itself finds out that a commit is not what it is called.
      assert.match(await built(tree), /is not what its name says|no commit/, what);
    }
  },
);

test('files come out as the commit has them, whatever its attributes say', async (context) => {
  const { dir } = await ownCache(context);
  for (const format of ['sha1', 'sha256']) {
    const tree = repository(dir, format, format);
    const source = await gitSource(tree, 'main').pin(signal, () => undefined);
    assert.equal(source.id, `git-${sh(tree, 'git rev-parse main^{tree}')}`);
    const copy = join(dir, `copy-${format}`);
    mkdirSync(copy);
    await source.copyTo(copy, signal);
    // The others' rights: those of a group depend on who unpacks.
    const state = (where: string): string =>
      sh(where, "find . -path ./.git -prune -o ! -type d -printf '%P %l %m\\n' | sort").replaceAll(
        /\d(?=\d$)/gm,
        '',
      );
    assert.equal(state(copy), state(tree));
    assert.equal(readFileSync(join(copy, 'b/f'), 'utf8'), '$Format:%H$ $Id$\n');
  }
});

test('a few objects that name files without end are refused', async (context) => {
  const { dir } = await ownCache(context);
  const tree = repository(dir, 'bomb');
  const script = `t=$(printf "100644 blob %s\\tf\\n" $(git rev-parse main:b/g) | git mktree)
    for i in 1 2 3 4 5 6; do
      t=$(for n in a b c d e f g h i j; do printf "040000 tree %s\\t%s\\n" $t $n; done | git mktree)
    done; echo $t`;
  const bomb = new ObjectTree(tree, sh(tree, script));
  await assert.rejects(bomb.all(signal), /refused: tree \w+ has more than 500000 files/);
});

test("a bisection shows no file that a tree's repository is linked to", async (context) => {
  const { dir } = await ownCache(context);
  const tree = repository(dir, 'tree');
  sh(tree, 'echo 2 > b/f; git commit -qam two');
  const secret = join(dir, 'secret');
  writeFileSync(secret, 'canary\n');
  const [good, bad] = [await commitOf(tree, 'main^', signal), await commitOf(tree, 'main', signal)];
  for (const attack of [`ln -s ${secret} .git/shallow`, `cp ${secret} .git/shallow`]) {
    sh(tree, `rm -f .git/shallow; ${attack}`);
    const bisect = new GitBisect(join(dir, 'bisect.git'));
    await assert.rejects(bisect.start(tree, good, bad, signal), (error) => {
      assert.ok(error instanceof JobError, String(error));
      assert.match(error.message, /shallow: refused/);
      return !error.message.includes('canary');
    });
  }
});
