// SPDX-License-Identifier: MIT
// The completion in the real shells, on a terminal: keys go in, and the line that they make comes out.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyguest, folder } from '../integration/cli.js';
import { programFolder, shells, Terminal, whyNot } from './shell.js';

/** What is typed, and the words after `busyguest` that a TAB makes of it. */
const completed: readonly (readonly [string, readonly string[]])[] = [
  ['pla\t', ['plan']],
  ['run --tr\t', ['run', '--tree']],
  ['generate --for kern\t', ['generate', '--for', 'kernelci']],
  ['generate --for=kern\t', ['generate', '--for=kernelci']],
  ['devices ch\ttalos', ['devices', 'check', 'talos']],
  ['run mi\t', ['run', 'mine.yaml']],
  ['run smo\t', ['run', 'smoke']],
  ['init --from pre\t', ['init', '--from', 'pre-pull']],
  ['bisect --device qemu-powernv8\t', ['bisect', '--device', 'qemu-powernv8']],
  [
    'check --device=qemu-powernv8,qemu-pseries-papr-p1\t0',
    ['check', '--device=qemu-powernv8,qemu-pseries-papr-p10'],
  ],
  ['report results/20261128-2\t', ['report', 'results/20261128-210000-smoke']],
  ['compare --results elsewhere else\t', ['compare', '--results', 'elsewhere', 'elsewhere/a-run']],
  ['run --resume res\t', ['run', '--resume', 'results/20261128-220000-smoke']],
  ['bundle results/latest/unp\t', ['bundle', 'results/latest/unpatched-qemu-pseries-p9-t']],
  [
    'qualify debian:linux-image-powerpc64le@te\t',
    ['qualify', 'debian:linux-image-powerpc64le@testing'],
  ],
  ['qualify other/vm\t', ['qualify', 'other/vmlinux']],
  [
    'report results/latest --report junit=oth\t',
    ['report', 'results/latest', '--report', 'junit=other/'],
  ],
  ['check --series to\t', ['check', '--series', 'topic.mbox']],
  ['bisect --tree tree --good v6\t', ['bisect', '--tree', 'tree', '--good', 'v6.17']],
  ['run mine.yaml --tree tree#v6\t', ['run', 'mine.yaml', '--tree', 'tree#v6.17']],
  ['run with\\ sp\t', ['run', 'with space.yaml']],
];

function prepare(dir: string): void {
  const run = join(dir, 'results', '20261128-210000-smoke');
  mkdirSync(join(run, 'unpatched-qemu-pseries-p9-t'), { recursive: true });
  for (const file of ['run.json', 'results.json', 'unpatched-qemu-pseries-p9-t/job.json']) {
    writeFileSync(join(run, file), '{}');
  }
  symlinkSync('20261128-210000-smoke', join(dir, 'results', 'latest'));
  const open = join(dir, 'results', '20261128-220000-smoke');
  mkdirSync(open);
  writeFileSync(join(open, 'run.json'), '{}');
  for (const one of ['elsewhere/a-run', 'other', 'tree'])
    mkdirSync(join(dir, one), { recursive: true });
  for (const file of [
    'mine.yaml',
    'mine.txt',
    'topic.mbox',
    'with space.yaml',
    'other/vmlinux',
    'other/notes',
    'elsewhere/a-run/results.json',
  ]) {
    writeFileSync(join(dir, file), '');
  }
  const git = (...args: string[]): void => {
    const { status, stderr } = spawnSync('git', ['-C', join(dir, 'tree'), ...args], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  };
  git('init', '-q');
  git('-c', 'user.name=n', '-c', 'user.email=e@x', 'commit', '-q', '--allow-empty', '-m', 'one');
  git('tag', 'v6.17');
}

for (const shell of shells) {
  test(`completion in ${shell.name}`, { skip: whyNot(shell) }, async (context) => {
    const dir = await folder(context);
    prepare(dir);
    const bin = programFolder(dir);
    const script = join(bin, `completion.${shell.name}`);
    writeFileSync(script, (await busyguest('completion', shell.name)).stdout);
    await using terminal = new Terminal(shell, script, dir, bin);
    for (const [keys, words] of completed) {
      const found = await terminal.words(`busyguest ${keys}`);
      // A shell may say that a folder is one.
      assert.deepEqual(found.map(bare), words.map(bare), `${shell.name}: ${keys}`);
    }
    assert.deepEqual(await terminal.offers('busyguest qual'), ['qualify']);
    assert.deepEqual(await terminal.offers('busyguest completion '), ['bash', 'fish', 'zsh']);
    assert.deepEqual(await terminal.offers('busyguest report --ex'), ['--expected']);
    const devices = (await busyguest('complete', 'devices')).stdout.trim().split('\n');
    assert.deepEqual(
      await terminal.offers('busyguest devices check qemu-'),
      devices.filter((one) => one.startsWith('qemu-')).sort(),
    );
  });
}

const bare = (word: string): string => word.replace(/\/$/, '');
