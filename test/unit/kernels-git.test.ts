// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { git } from '../../src/kernels/git.js';
import { noSandbox } from './needs-sandbox.js';
import { ownCache } from './own-cache.js';

const { signal } = new AbortController();
const sh = (cwd: string, script: string): string =>
  execFileSync('bash', ['-ec', script], { cwd, encoding: 'utf8' }).trim();
const start =
  'git init -qb main; git config user.name a; git config user.email a@example.org; git add -A; git commit -qm';

/** What git says of the newest commit of a tree, or of its repository. */
async function subject(tree: string): Promise<string> {
  const args = ['log', '-1', '--format=%s', 'main'];
  const { stdout } = await git(tree, args, { stage: 'test', signal, okCodes: [0, 128] });
  return stdout.trim();
}

test(
  "a tree cannot pass off another repository of the user's as its own",
  { skip: noSandbox },
  async (context) => {
    const { dir } = await ownCache(context);
    const [secret, tree] = [join(dir, 'secret'), join(dir, 'tree')];
    mkdirSync(secret);
    sh(secret, `echo 1 > file; ${start} canary`);
    const attacks = [
      `echo "gitdir: ${secret}/.git" > .git`,
      `echo "gitdir: ../secret/.git" > .git`,
      `ln -s ${secret}/.git .git`,
      `ln -s ../secret/.git .git`,
      `${start} own; echo ${secret}/.git > .git/commondir`,
      `${start} own; rm -r .git/refs .git/objects; ln -s ${secret}/.git/refs ${secret}/.git/objects .git`,
      `mkdir w; echo "gitdir: w" > .git; echo ${secret}/.git > w/commondir; echo "ref: refs/heads/main" > w/HEAD; echo "$PWD/.git" > w/gitdir`,
      `mkdir w; echo "gitdir: w" > .git; ln -s ${secret}/.git/* w; echo "$PWD/.git" > w/gitdir`,
    ];
    for (const attack of attacks) {
      sh(dir, 'rm -rf tree; mkdir tree');
      sh(tree, `echo 2 > file; ${attack}`);
      assert.doesNotMatch(await subject(tree), /canary/, attack);
    }
  },
);

test("a tree's settings start no program", { skip: noSandbox }, async (context) => {
  const { dir } = await ownCache(context);
  const tree = join(dir, 'tree');
  mkdirSync(tree);
  sh(tree, `echo 1 > file; echo "file diff=d" > .gitattributes; ${start} first; echo 2 > file`);
  writeFileSync(join(tree, 'program'), '#!/bin/sh\necho canary >&2\necho canary\n', {
    mode: 0o755,
  });
  const program = join(tree, 'program');
  mkdirSync(join(tree, 'hooks'));
  sh(tree, 'cp program hooks/post-index-change; cp program hooks/reference-transaction');
  const settings = {
    'core.fsmonitor': program,
    'core.hooksPath': join(tree, 'hooks'),
    'core.pager': program,
    'log.showSignature': 'true',
    'gpg.program': program,
  };
  for (const [name, value] of Object.entries(settings)) sh(tree, `git config ${name} ${value}`);
  for (const args of [
    ['status', '--porcelain', '-uno'],
    ['log', '-1', '--format=%G?'],
    ['update-index', '--refresh'],
  ]) {
    const asked = { stage: 'test', signal, okCodes: [0, 1, 128], writes: [tree] };
    const { stdout, stderr } = await git(tree, args, asked);
    assert.doesNotMatch(stdout + stderr, /canary/, args.join(' '));
  }
});

test('a filter of a tree sees no objects that it borrows', { skip: noSandbox }, async (context) => {
  const { dir } = await ownCache(context);
  const [secret, tree] = [join(dir, 'secret'), join(dir, 'tree')];
  for (const path of [secret, tree]) mkdirSync(path);
  sh(secret, `echo 1 > file; ${start} canary`);
  const filter = `ls ${secret}/.git/objects`;
  const plain = '[filter "f"]\n\tsmudge = FILTER\n';
  const hidden = '[core][filter "f"]\n\tsmudge = FILTER\n';
  const included = '[include]\n\tpath = more\n';
  for (const config of [plain, hidden, included]) {
    sh(tree, `rm -rf .git; echo 2 > file; echo "file filter=f" > .gitattributes; ${start} own`);
    sh(tree, `echo ${secret}/.git/objects > .git/objects/info/alternates`);
    writeFileSync(join(tree, '.git/more'), plain.replace('FILTER', filter));
    appendFileSync(join(tree, '.git/config'), config.replace('FILTER', filter));
    const archive = ['archive', '--format=tar', 'main', 'file'];
    const asked = { stage: 'test', signal, okCodes: [0, 128] };
    const { stdout, stderr } = await git(tree, archive, asked);
    assert.doesNotMatch(stdout, /^(?:info|pack|[0-9a-f]{2})$/m, stderr);
  }
});

test(
  "git's own ways to keep a repository elsewhere are read",
  { skip: noSandbox },
  async (context) => {
    const { dir } = await ownCache(context);
    const main = join(dir, 'main');
    mkdirSync(main);
    sh(main, `echo 1 > file; ${start} first; git worktree add -q ../linked -b other`);
    sh(dir, 'git clone -q --shared main shared; git clone -q --bare main bare');
    mkdirSync(join(dir, 'super'));
    const submodule = 'git -c protocol.file.allow=always submodule --quiet add ../main sub';
    sh(join(dir, 'super'), `echo 1 > file; ${start} outer; ${submodule}`);
    for (const name of ['main', 'linked', 'shared', 'bare', 'super/sub'])
      assert.equal(await subject(join(dir, name)), 'first', name);
  },
);
