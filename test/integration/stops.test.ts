// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { busyguest, folder, latest, machinesGone, project, start, type Running } from './cli.js';

const args = ['run', 'jobs/smoke.yaml', '--fresh', '--jobs', '1', '--verbose'];
const booted = 'TAP version 13';

test('Ctrl-C keeps what is finished, and says what is not', async (context) => {
  const results = await folder(context);
  const running = start([...args, '--results', results]);
  await running.said(booted);
  running.kill('SIGINT');
  const { code, stderr } = await running.ended;
  assert.equal(code, 130);
  const resume = /^busyguest: to go on: busyguest (run --resume \S+)$/m.exec(stderr)?.[1];
  assert.ok(resume, stderr.slice(-1000));
  assert.ok(stderr.endsWith(`${resume}\n`), 'it is the last line');
  // A slow machine ends before the reports are made; what goes on needs none.
  const cut = await latest(results).catch(() => undefined);
  assert.ok(cut?.interrupted ?? true);
  assert.ok(cut?.jobs.some(({ status }) => status === 'MISS') ?? true);
  assert.equal((await busyguest(...resume.split(' '), '--quiet')).code, 0);
  assert.ok(!(await latest(results)).interrupted);
});

test('SIGKILL leaves no QEMU and no lock in the way', async (context) => {
  const results = await folder(context);
  const running = start([...args, '--results', results]);
  await running.said(booted);
  assert.ok((await running.machines()).length > 0);
  running.kill('SIGKILL');
  await running.ended;
  await machinesGone(running);
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
  for (const pid of await running.machines()) process.kill(pid, 'SIGKILL');
  const { code } = await running.ended;
  const [job] = (await latest(results)).jobs;
  assert.equal(job?.status, 'MISS');
  assert.match(job?.reason ?? '', /never reported/);
  assert.equal(code, 69);
});

/** A job whose QEMU stands still from its first case on. It would go on for minutes. */
async function standingStill(
  context: TestContext,
  testSeconds: number,
): Promise<[Running, string]> {
  const results = await folder(context);
  const smoke = await readFile(join(project, 'jobs/smoke.yaml'), 'utf8');
  const file = join(results, 'still.yaml');
  const text = smoke.replaceAll('patches/', `${project}/jobs/patches/`);
  const long = text.replace('seconds: 3', 'seconds: 600');
  await writeFile(file, `${long}timeouts: {test-s: ${testSeconds}}\n`);
  const one = ['--filter', 'kernel=patched,device=qemu-pseries-p9'];
  const running = start(['run', file, '--results', results, '--verbose', ...one]);
  await running.said('ok 1 ');
  const machines = await running.machines();
  assert.equal(machines.length, 1);
  for (const pid of machines) process.kill(pid, 'SIGSTOP');
  return [running, results];
}

test('a QEMU that is stopped (SIGSTOP): its phase’s deadline ends it, ERROR, exit 69', async (context) => {
  const [running, results] = await standingStill(context, 5);
  const { code, stderr } = await running.ended;
  await machinesGone(running);
  const [job] = (await latest(results)).jobs;
  assert.equal(job?.status, 'ERROR', job?.reason);
  assert.match(job?.reason ?? '', /^test: no end of the test within 5 s; never reported: /);
  assert.equal(code, 69, stderr.slice(-2000));
});

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`${signal} while QEMU is stopped: it does not stay`, async (context) => {
    const [running] = await standingStill(context, 600);
    running.kill(signal);
    assert.equal((await running.ended).code, signal === 'SIGINT' ? 130 : null);
    await machinesGone(running);
  });
}
