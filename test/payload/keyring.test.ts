// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { payloadOnHost } from './payload-program.js';

const sources =
  'alive bounds btf clock guest-report judge ktap kvm-run loop observe parse process registers runner trace trace-offsets tracefs vmm cases/work';
const program = payloadOnHost(
  'keyring',
  sources.split(' ').map((name) => `${name}.c`),
  ['syscall', 'fopen', 'usleep'],
);

/** The lines that count where the kernel does so for a plain loop, and so for a guest. */
function resultOf(loop: string, guest: string): string {
  const { stdout } = spawnSync(program, [loop, guest], { encoding: 'utf8' });
  return stdout.replaceAll(/^(?:# (?:clock|metric)|BG-RESULT).*\n/gm, '');
}

const name = 'queued_work_runs_at_once';

test('queued work: both keyrings are replaced', () => {
  assert.equal(resultOf('works', 'works'), `ok 1 ${name}\n`);
});

test('queued work of a guest that is never queued or never done: FAIL, however wide the bound', () => {
  const failed = (why: string): RegExp =>
    new RegExp(`^# reason: ${why} in \\d+ us\\nnot ok 1 ${name}\\n$`);
  assert.match(resultOf('works', 'forgets'), failed('the work was not done'));
  assert.match(resultOf('works', 'starves'), failed('no work was queued'));
  assert.match(resultOf('works', 'vanishes'), failed('no work was queued'));
});

test('queued work that not even a plain loop shows: undecided', () => {
  const undecided = (why: string): RegExp =>
    new RegExp(`^not ok 1 ${name} # ERROR not even with a plain loop: ${why}.*\\n$`);
  assert.match(resultOf('forgets', 'works'), undecided('the work was not done'));
  assert.match(resultOf('starves', 'works'), undecided('no work was queued'));
  assert.match(resultOf('hides', 'works'), undecided('/proc/keys does not show the keyring'));
  assert.match(resultOf('refuses', 'works'), undecided('keyctl: '));
});

test('queued work: a keyring that is not seen before its end is not seen to end', () => {
  assert.equal(
    resultOf('works', 'hides'),
    `not ok 1 ${name} # ERROR /proc/keys does not show the keyring\n`,
  );
  assert.match(resultOf('lacks', 'works'), /^ok 1 \S+ # SKIP the kernel has no keyrings/);
});

test('queued work: a guest that dies meanwhile is no result', () => {
  assert.equal(resultOf('works', 'kills'), 'Bail out! the guest ended by itself: signal 9\n');
});
