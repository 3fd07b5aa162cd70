// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyguest, folder, start } from '../integration/cli.js';
import { writeTree } from '../integration/tiny-tree.js';

/** A device that no computer has, so that nothing is built. */
const matrix = `
name: watched
kernels: [{name: tip, source: "debian:linux-source"}]
devices: [DEVICE]
tests: [{name: t, quota-us: 30000, period-us: 100000}]
`;

const git = (tree: string, ...args: string[]): string => {
  const who = ['-c', 'user.name=n', '-c', 'user.email=e@example.org'];
  const { status, stdout, stderr } = spawnSync('git', ['-C', tree, ...who, ...args], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
};

async function commit(tree: string, text: string): Promise<string> {
  await writeFile(join(tree, 'kernel', 'sched', 'core.c'), text);
  git(tree, 'add', '-A');
  git(tree, 'commit', '-q', '-m', text);
  return git(tree, 'rev-parse', 'HEAD');
}

// The twin of an emulated machine that needs KVM of a POWER host.
const device = 'kvm-pseries-p9';
const { stdout: devices } = await busyguest('devices');
const canRun = new RegExp(`^${device} +yes`, 'm').test(devices);

test(
  'watch tests a branch, and again when it has moved',
  { skip: canRun ? `${device} runs here` : false },
  async (context) => {
    const dir = await folder(context);
    const tree = join(dir, 'tree');
    await writeTree(tree, 'false');
    git(tree, 'init', '-q', '-b', 'main');
    const first = await commit(tree, '// one');
    await writeFile(join(dir, 'm.yaml'), matrix.replace('DEVICE', device));
    const results = join(dir, 'results');
    // To measure the usual cache, into which the branch is fetched, takes longer than all of this.
    const cache = { BUSYGUEST_CACHE: join(dir, 'cache') };
    const argv = [
      ...[
        'watch',
        '--tree',
        `file://${tree}#main`,
        '--matrix',
        join(dir, 'm.yaml'),
        '--every',
        '1s',
      ],
      ...['--results', results, '--quiet', '--notify-command', `cat >> '${dir}/mails'`],
    ];
    const watch = start(argv, cache);
    context.after(() => watch.kill('SIGKILL'));
    await watch.said(`is at ${first}`);
    const second = await commit(tree, '// two');
    await watch.said(`is at ${second}`);
    await watch.said('nothing is new; no mail');
    watch.kill('SIGTERM');
    const { code, stderr } = await watch.ended;
    assert.equal(code, 130, stderr);
    const mails = await readFile(join(dir, 'mails'), 'utf8');
    assert.equal(mails.match(/^Tree: /gm)?.length, 1, mails);
    const runs = (await readdir(results)).filter((name) => name.endsWith('-watched'));
    assert.equal(runs.length, 2);
  },
);

test('watch: a branch that is not there ends it at once', async (context) => {
  const dir = await folder(context);
  const tree = join(dir, 'tree');
  await writeTree(tree, 'false');
  git(tree, 'init', '-q', '-b', 'main');
  await commit(tree, '// one');
  const args = ['--tree', `file://${tree}#mian`, '--results', join(dir, 'results')];
  const { code, stderr } = await start(['watch', ...args], { BUSYGUEST_CACHE: join(dir, 'cache') })
    .ended;
  assert.equal(code, 65, stderr);
  assert.match(stderr, /has no "mian"/);
  assert.equal((await busyguest('watch', ...args, '--every', '15')).code, 64);
});
