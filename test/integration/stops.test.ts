// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { cacheDir } from '../../src/system/files.js';
import { busyguest, folder, latest, processesWith, start } from './cli.js';

const args = ['run', 'jobs/smoke.yaml', '--fresh', '--jobs', '1', '--verbose'];
const booted = 'KTAP version 1';
const ours = cacheDir('images');

const noQemu = async (): Promise<void> => {
  // The kernel kills them with their parent; they need a moment to be gone.
  while ((await processesWith(ours)).length > 0) await new Promise(setImmediate);
};

test('Ctrl-C ends the machines, keeps what is finished, exits 130; --resume does the rest', async (context) => {
  const results = await folder(context);
  const whole = await folder(context);
  const running = start([...args, '--results', results]);
  await running.said(booted);
  running.kill('SIGINT');
  assert.equal((await running.ended).code, 130);
  await noQemu();
  const cut = await latest(results);
  assert.ok(cut.interrupted);
  assert.ok(cut.jobs.some(({ status }) => status === 'MISS'));

  const resumed = await busyguest('run', '--resume', join(results, 'latest'), '--quiet');
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.equal((await busyguest('run', 'jobs/smoke.yaml', '--results', whole, '--quiet')).code, 0);
  const told = async (dir: string): Promise<unknown> =>
    (await latest(dir)).jobs.map(({ name, status, cases }) => ({
      name,
      status,
      cases: cases.map((one) => `${one.name} ${one.status}`),
    }));
  assert.deepEqual(await told(results), await told(whole));
});

test('SIGKILL leaves no QEMU and no lock in the way', async (context) => {
  const results = await folder(context);
  const running = start([...args, '--results', results]);
  await running.said(booted);
  assert.ok((await processesWith(ours)).length > 0);
  running.kill('SIGKILL');
  await running.ended;
  await noQemu();
  assert.equal(
    (await busyguest('run', 'jobs/smoke.yaml', '--results', results, '--quiet')).code,
    0,
  );
});

test('a QEMU that is killed in the middle: never PASS', async (context) => {
  const results = await folder(context);
  const running = start([
    ...args,
    '--filter',
    'kernel=patched,device=qemu-pseries-p9',
    '--results',
    results,
  ]);
  await running.said('control_guest_unlimited');
  for (const pid of await processesWith(ours)) process.kill(pid, 'SIGKILL');
  const { code } = await running.ended;
  const [job] = (await latest(results)).jobs;
  assert.equal(job?.status, 'MISS');
  assert.match(job?.reason ?? '', /never reported/);
  assert.equal(code, 69);
});
