// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobResult } from '../../src/model/result.js';
import { latest, start, type Running } from '../integration/cli.js';
import { Lab } from './lab.js';
import { labToken, suite, whyNoLab } from './lab-root.js';
import { hungDevice, oneJob } from '../integration/matrix.js';

interface LabJob {
  readonly id: number;
  readonly state: string;
  readonly health: string;
  readonly priority: number;
  readonly description: string;
  readonly actual_device: string | null;
  readonly start_time: string;
  readonly end_time: string;
}

const why = await whyNoLab();
const isRequired = /\blava\b/.test(process.env['BUSYGUEST_REQUIRE'] ?? '');
const dir = mkdtempSync(join(tmpdir(), 'busyguest-lava-'));
const twoDevices = 'device=~pseries-p9|papr-p10';
let lab: Lab;

test('a LAVA server can be had here', { skip: isRequired ? false : (why ?? false) }, () =>
  assert.equal(why, undefined),
);

/** busyguest run in the lab. */
function run(name: string, args: readonly string[], token = labToken): Running {
  const results = join(dir, name);
  return start(['run', '--lava', lab.url, '--results', results, ...args], {
    BUSYGUEST_LAVA_TOKEN: token,
  });
}

async function jobsOf(name: string): Promise<LabJob[]> {
  const { run: folder } = await latest(join(dir, name));
  return named(folder);
}

async function named(folder: string): Promise<LabJob[]> {
  const path = `/jobs/?description__contains=${folder}&ordering=id&limit=100`;
  return ((await lab.ask(path)) as { results: LabJob[] }).results;
}

async function only(name: string): Promise<JobResult> {
  const { jobs } = await latest(join(dir, name));
  assert.equal(jobs.length, 1);
  return jobs[0] ?? assert.fail();
}

/** Waits until the lab has a job of that run in that state. */
async function until(name: string, state: string): Promise<LabJob> {
  for (;;) {
    const [folder] = (await readdir(join(dir, name)).catch(() => [])).filter((one) =>
      /^\d/.test(one),
    );
    const job = folder && (await named(folder)).find((one) => one.state === state);
    if (job) return job;
    await sleep(200);
  }
}

const numbers = (job: JobResult): unknown =>
  job.cases.map(({ name, status, metrics }) => ({ name, status, metrics }));

describe('against a real LAVA server', { skip: why ?? false }, () => {
  before(async () => {
    const say = (text: string): void => console.log(text);
    lab = await Lab.open(new AbortController().signal, say);
  });
  after(async () => {
    await lab[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  describe('several clients at once', { concurrency: 3 }, clients);
  test('a server that is stopped and started while a job runs: nothing is lost', restart);
  test('nothing is left submitted; no file of a run has the token', tidy);
});

function clients(): void {
  test('jobs/pre-pull.yaml: fixed, the same as on this machine, on two workers at once', async () => {
    const args = ['jobs/pre-pull.yaml', '--filter', twoDevices];
    const inLab = await run('pre-pull', [...args, '--lava-priority', 'high']).ended;
    assert.equal(inLab.code, 0, inLab.stdout + inLab.stderr);
    const here = await start(['run', ...args, '--results', join(dir, 'here'), '--quiet']).ended;
    assert.equal(here.code, 0, here.stderr);
    const [there, local] = [await latest(join(dir, 'pre-pull')), await latest(join(dir, 'here'))];
    assert.equal(there.overall, 'fixed');
    assert.deepEqual(
      there.jobs.map(({ name, status }) => `${name} ${status}`),
      local.jobs.map(({ name, status }) => `${name} ${status}`),
    );
    // Another QEMU gives other figures.
    if (suite === 'bookworm') assert.deepEqual(there.jobs.map(numbers), local.jobs.map(numbers));
    const jobs = await jobsOf('pre-pull');
    assert.equal(jobs.length, 4);
    assert.ok(jobs.every(({ priority }) => priority === 100));
    // Odd numbers are worker0's.
    const [odd, even] = [1, 0].map((rest) =>
      jobs.filter(({ actual_device: name }) => Number(name?.slice(-2)) % 2 === rest),
    );
    const atOnce = odd?.some((a) =>
      even?.some((b) => a.start_time < b.end_time && b.start_time < a.end_time),
    );
    assert.ok(atOnce, JSON.stringify(jobs));
    for (const { deviceFacts: facts = {} } of there.jobs) {
      assert.match(facts['lava_job'] ?? '', new RegExp(`^${lab.url}/scheduler/job/\\d+$`));
      assert.match(facts['lava_device'] ?? '', /^qemu-0\d$/);
    }
  });

  test('a bad token: 69 and one line, before anything is built', async () => {
    const { code, stderr } = await run('token', [await oneJob(join(dir, 'token'))], 'wrong-token')
      .ended;
    assert.equal(code, 69);
    assert.match(stderr, /the token is not accepted \(403\)/);
    assert.doesNotMatch(stderr, /wrong-token/);
  });

  test('a device type that the lab lacks: SKIP, 4', async () => {
    const matrix = await oneJob(join(dir, 'type'));
    assert.equal((await run('type', [matrix, '--lava-type', 'mainframe']).ended).code, 4);
    const job = await only('type');
    assert.equal(job.status, 'SKIP');
    assert.match(job.reason, /no device of the type "mainframe"/);
  });

  test('a tag that the lab lacks: SKIP, 4', async () => {
    const matrix = await oneJob(join(dir, 'tag'));
    assert.equal((await run('tag', [matrix, '--lava-tag', 'purple']).ended).code, 4);
    assert.match((await only('tag')).reason, /with the tags purple/);
  });

  test('an artefact that is not there: ERROR, 69', async () => {
    const publish = ['--publish', join(dir, 'files'), '--url', `${lab.url}/nothing/`];
    const matrix = await oneJob(join(dir, 'artefact'));
    assert.equal((await run('artefact', [matrix, ...publish]).ended).code, 69);
    const job = await only('artefact');
    assert.equal(job.status, 'ERROR', job.reason);
    assert.equal(job.decidedBy, 'infrastructure');
    assert.match(job.reason, /ended before the machine was started: .*404/);
  });

  test('a kernel that panics at boot: FAIL, 1', async () => {
    const matrix = await oneJob(join(dir, 'panic'), '    command-line: [rdinit=/none]');
    const { code, stderr } = await run('panic', [matrix]).ended;
    const job = await only('panic');
    assert.equal(job.status, 'FAIL', job.reason + stderr);
    assert.equal(job.decidedBy, 'fault');
    assert.match(job.reason, /panic|no-init/);
    assert.equal(code, 1);
  });

  test('a machine that hangs: ERROR, 69, and cancelled', async () => {
    const matrix = await oneJob(join(dir, 'hang'), '', hungDevice, 'timeouts: {boot-s: 8}\n');
    const { code } = await run('hang', [matrix]).ended;
    const job = await only('hang');
    assert.equal(job.status, 'ERROR', job.reason);
    assert.match(job.reason, /^boot: no start of the test within 8 s/);
    assert.equal(code, 69);
    assert.deepEqual(
      (await jobsOf('hang')).map(({ health }) => health),
      ['Canceled'],
    );
  });

  test('a device in maintenance: ERROR, 69, and cancelled', async () => {
    const flags = ['--lava-tag', 'in-maintenance', '--queue-s', '4'];
    const { code } = await run('maintenance', [await oneJob(join(dir, 'maintenance')), ...flags])
      .ended;
    const job = await only('maintenance');
    assert.equal(job.status, 'ERROR', job.reason);
    assert.match(job.reason, /no device took the job within 4 s; cancelled/);
    assert.equal(code, 69);
    assert.deepEqual(
      (await jobsOf('maintenance')).map(({ health }) => health),
      ['Canceled'],
    );
  });

  test('a run that is over its deadline: ERROR, 69, and cancelled', async () => {
    const matrix = await oneJob(join(dir, 'deadline'), '', hungDevice);
    const { code } = await run('deadline', [matrix, '--deadline-s', '10']).ended;
    const job = await only('deadline');
    assert.equal(job.status, 'ERROR', job.reason);
    assert.match(job.reason, /deadline/);
    assert.equal(code, 69);
    // On a slow machine it is over before the job is submitted.
    const left = (await jobsOf('deadline')).filter(({ health }) => health !== 'Canceled');
    assert.deepEqual(left, []);
  });

  test('Ctrl-C: 130, and cancelled', async () => {
    const running = run('stop', [await oneJob(join(dir, 'stop'), '', hungDevice)]);
    await until('stop', 'Running');
    running.kill('SIGINT');
    const { code, stderr } = await running.ended;
    assert.equal(code, 130, stderr);
    // LAVA gets 20 s to end it; on a slow machine it goes on after that.
    assert.equal((await until('stop', 'Finished')).health, 'Canceled');
  });

  test('a client that was killed: --resume takes its jobs, nothing is submitted twice', async () => {
    const args = ['jobs/pre-pull.yaml', '--filter', 'device=qemu-pseries-p9', '--fresh'];
    const running = run('killed', args);
    await until('killed', 'Running');
    running.kill('SIGKILL');
    await running.ended;
    const [folder = ''] = await readdir(join(dir, 'killed'));
    const again = await start(
      ['run', '--resume', join(dir, 'killed', folder), '--lava', lab.url, '--fresh'],
      {
        BUSYGUEST_LAVA_TOKEN: labToken,
      },
    ).ended;
    assert.equal(again.code, 0, again.stderr);
    assert.equal((await latest(join(dir, 'killed'))).overall, 'fixed');
    assert.equal((await named(folder)).length, 2);
  });

  test('a worker that is killed in the middle: ERROR, 69, named', async () => {
    const matrix = await oneJob(join(dir, 'worker'), '', hungDevice);
    const running = run('worker', [matrix, '--lava-type', 'qemu-far']);
    await until('worker', 'Running');
    await lab.stop('worker2');
    const { code, stderr } = await running.ended;
    const job = await only('worker');
    assert.equal(job.status, 'ERROR', job.reason);
    assert.equal(code, 69);
    assert.match(job.reason, /the worker worker2 of qemu-06 does not answer LAVA/);
    assert.match(stderr, /is cancelled, but still Canceling: is its worker there\?/);
    // LAVA itself cannot end the job before the worker is back.
    await lab.start('worker2');
    assert.equal((await until('worker', 'Finished')).health, 'Canceled');
  });
}

async function restart(): Promise<void> {
  const running = run('restart', [await oneJob(join(dir, 'restart'))]);
  await until('restart', 'Running');
  await lab.stop('server');
  await running.said('trying again');
  await lab.start('server');
  const { code, stderr } = await running.ended;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /answers again/);
  assert.equal((await jobsOf('restart')).length, 1);
}

async function tidy(): Promise<void> {
  const path = '/jobs/?limit=100';
  const { results } = (await lab.ask(path)) as { results: LabJob[] };
  assert.ok(results.length > 10);
  assert.deepEqual(
    results.filter(({ state }) => state !== 'Finished'),
    [],
  );
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const text = await readFile(join(entry.parentPath, entry.name), 'latin1');
    assert.ok(!text.includes(labToken), join(entry.parentPath, entry.name));
  }
}
