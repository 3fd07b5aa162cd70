// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { stillClock, stillClockLines } from '../../src/devices/qemu/still-clock.js';
import { ownCache } from './own-cache.js';

const shell = async (script: string, env: Record<string, string> = {}): Promise<string> => {
  const { stdout } = await promisify(execFile)('bash', ['-c', script], {
    env: { ...process.env, ...env },
  });
  return stdout.trim();
};
// bash takes it from gettimeofday().
const timeOfDay = 'echo "$EPOCHREALTIME"';
const still = '1767225600.000000';

test('a program that has it sees the time of day stand still', async (context) => {
  await ownCache(context);
  const clock = await stillClock();
  assert.ok(clock);
  assert.equal(await shell(timeOfDay, { LD_PRELOAD: clock.path, LC_ALL: 'C' }), still);
  assert.notEqual(await shell(timeOfDay, { LC_ALL: 'C' }), still);
});

test('a script makes one for itself, and goes on without where it cannot', async (context) => {
  const { dir } = await ownCache(context);
  const script = `dir=${dir}\n${await stillClockLines()}\n$still bash -c '${timeOfDay}'`;
  assert.equal(await shell(script, { LC_ALL: 'C' }), still);
  const without = script.replace(`dir=${dir}`, `dir=${join(dir, 'none')}`);
  assert.notEqual(await shell(without, { LC_ALL: 'C' }), still);
});
