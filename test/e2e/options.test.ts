// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { deviceList } from '../../src/cli/device-list.js';
import { busyguest, folder } from '../integration/cli.js';

const hv = 'arch/powerpc/kvm/book3s_hv.c';
const diff = `diff --git a/${hv} b/${hv}\n--- a/${hv}\n+++ b/${hv}\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n`;
const mail = `From 0 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\nDate: Sat, 28 Nov 2026 00:00:00 +0000\nSubject: [PATCH] KVM: PPC: digits\nMessage-Id: <1@example.org>\n\nWhy.\n---\n ${hv} | 2 +-\n\n${diff}-- \n2.39\n\n`;

/** A repository that only looks like a kernel, and to which the patch of `mail` applies. */
async function repository(context: TestContext, second = 'two'): Promise<string> {
  const tree = join(await folder(context), 'linux');
  await mkdir(join(tree, 'arch/powerpc/kvm'), { recursive: true });
  await writeFile(join(tree, hv), `one\n${second}\nthree\n`);
  const git = 'git -c user.name=a -c user.email=a@example.org';
  execFileSync('bash', ['-ec', `git init -qb main; git add .; ${git} commit -qm first`], {
    cwd: tree,
  });
  return tree;
}

test('devices: commas, again, patterns, all', () => {
  assert.deepEqual(deviceList(['qemu-powernv8', 'qemu-powernv8']), ['qemu-powernv8']);
  const powernv = deviceList(['qemu-powernv*']);
  assert.ok(
    powernv.includes('qemu-powernv9') && powernv.every((name) => name.startsWith('qemu-powernv')),
  );
  assert.ok(deviceList(['all']).length > powernv.length);
  assert.throws(() => deviceList(['no*']), /no device fits/);
});

test('an option swallows no argument', async (context) => {
  const dir = await folder(context);
  const file = join(dir, 'nothing.deb');
  const qualify = await busyguest('qualify', '--device', 'qemu-powernv8,qemu-powernv9', file);
  assert.match(qualify.stderr, /nothing\.deb: no such file/);
  const matrix = join(dir, 'nothing.job.ts');
  const run = await busyguest('run', '--set', 'a=b', matrix);
  assert.match(run.stderr, /nothing\.job\.ts: no such file/);
  const bad = await busyguest('check', '--device', 'qemu-powernv8,nothing', '--series', 'x');
  assert.equal(bad.code, 64);
  assert.match(bad.stderr, /unknown device "nothing"/);
});

test('a branch, file or folder that is not there: one line, with the name that was meant', async (context) => {
  const tree = await repository(context);
  const dir = join(tree, '..');
  await writeFile(join(dir, 'series.mbox'), mail);
  await mkdir(join(dir, 'results'));
  const main = /no commit "mian"; did you mean "main"\?\n$/;
  const folderOf = (name: string): RegExp => new RegExp(`did you mean "${join(dir, name)}"\\?\\n$`);
  for (const [words, says] of [
    ['check --tree TREE --base mian --series DIR/series.mbox', main],
    ['bisect --tree TREE --good main --bad mian', main],
    ['run jobs/smoke.yaml --tree TREE#mian --results DIR/r', main],
    ['check --tree TREE --series DIR/serie.mbox', folderOf('series.mbox')],
    ['check --tree DIR/linxu --series DIR/series.mbox', folderOf('linux')],
    ['run jobs/smoke.yaml --tree DIR/linxu --results DIR/r', folderOf('linux')],
    ['run jobs/smok.yaml', /did you mean "jobs\/smoke\.yaml"\?\n$/],
    ['plan DIR/sries.mbox', folderOf('series.mbox')],
    ['qualify DIR/serie.mbox', folderOf('series.mbox')],
    ['bisect --packages DIR/serie.mbox DIR/series.mbox', folderOf('series.mbox')],
    ['report DIR/result', folderOf('results')],
    ['run --resume DIR/result', folderOf('results')],
    ['verify DIR/serie.mbox', folderOf('series.mbox')],
  ] as const) {
    const args = words.replaceAll('TREE', tree).replaceAll('DIR', dir).split(' ');
    const { code, stderr } = await busyguest(...args);
    assert.ok(code === 64 || code === 65, `${words}: ${code}`);
    assert.match(stderr, says, words);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});

test('a series from standard input; one that is already in is said so in a line', async (context) => {
  const tree = await repository(context, '2');
  const check = [process.execPath, 'bin/busyguest.mjs', 'check', '--tree', tree, '--series'];
  const file = join(await folder(context), 'series.mbox');
  await writeFile(file, mail);
  const script = `"$@" - < ${file}`;
  const root = new URL('../../..', import.meta.url);
  assert.throws(
    () => execFileSync('bash', ['-c', script, 'x', ...check], { cwd: root, stdio: 'pipe' }),
    (error: Error & { status?: number; stderr?: Buffer }) => {
      assert.equal(error.status, 65, String(error.stderr));
      assert.match(
        String(error.stderr),
        /the series is already in; .*\n {4}\[PATCH\] KVM: PPC: digits/,
      );
      assert.doesNotMatch(String(error.stderr), /@@|FAILED/);
      return true;
    },
  );
});

test('two series at once, of which one comes from standard input: tried in the order in which they were named', async (context) => {
  const tree = await repository(context, '2');
  const dir = await folder(context);
  const later = mail
    .replaceAll('digits', 'more digits')
    .replace('<1@', '<2@')
    .replace('\n one\n-two\n+2\n three', '\n one\n 2\n-three\n+3');
  await writeFile(join(tree, hv), 'one\n2\n3\n');
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@e', 'commit', '-qam', '3'], {
    cwd: tree,
  });
  await writeFile(join(dir, 'first.mbox'), mail);
  await writeFile(join(dir, 'later.mbox'), later);
  for (const [series, input] of [
    [`${dir}/first.mbox,${dir}/later.mbox`, '/dev/null'],
    [`-,${dir}/later.mbox`, `${dir}/first.mbox`],
  ] as const) {
    const script = `exec node bin/busyguest.mjs check --tree ${tree} --series ${series} < ${input}`;
    const { stderr, status } = spawnSync('bash', ['-c', script], {
      cwd: new URL('../../..', import.meta.url),
      encoding: 'utf8',
    });
    assert.equal(status, 65, stderr);
    assert.match(stderr, /already in; .*\n {4}\[PATCH\] .*: digits\n {4}\[PATCH\] .*: more digits/);
  }
});
