// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, readdir, readlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JobResult } from '../../src/model/result.js';
import { cacheDir } from '../../src/system/files.js';
import { firstLine } from '../../src/system/processes.js';
import { latest, start, type Running } from '../integration/cli.js';
import { labRoot, lavaRunOf, whyNoLab } from './lab-root.js';
import { oneJob } from '../integration/matrix.js';

const why = await whyNoLab();
const isRequired = /\blava\b/.test(process.env['BUSYGUEST_REQUIRE'] ?? '');
const dir = mkdtempSync(join(tmpdir(), 'busyguest-lava-run-'));
const device = 'lava-run-qemu-pseries-p9';
let root: string;

test('LAVA can be had here', { skip: isRequired ? false : (why ?? false) }, () =>
  assert.equal(why, undefined),
);

/** busyguest where lava-run is that of the lab's root, which sees the given folders of ours. */
function busyguest(args: readonly string[], folders = [cacheDir(), dir]): Running {
  return start(args, lavaRunOf(root, folders, dir));
}

const run = (name: string, matrix: string, folders?: string[]): Running =>
  busyguest(['run', matrix, '--results', join(dir, name), '--fresh'], folders);

async function only(name: string): Promise<JobResult> {
  const { jobs } = await latest(join(dir, name));
  assert.equal(jobs.length, 1);
  return jobs[0] ?? assert.fail();
}

/** What programs are in that PID namespace. */
async function programsIn(namespace: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    // It may end while it is looked at.
    const its = await readlink(`/proc/${pid}/ns/pid`).catch(() => undefined);
    if (its === namespace) found.push(await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''));
  }
  return found;
}

/** The PID namespace of the lava-run whose files are in that folder. */
async function namespaceOf(folder: string): Promise<string> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const argv = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (!argv.startsWith('unshare') || !argv.includes(folder)) continue;
    return readlink(`/proc/${pid}/ns/pid_for_children`);
  }
  return assert.fail('lava-run does not run');
}

/** Starts a job that goes on for long, and gives it back when its kernel has started the test. */
async function longJob(name: string): Promise<{ running: Running; namespace: string }> {
  const matrix = await oneJob(join(dir, name), '', device);
  const text = await readFile(matrix, 'utf8');
  await writeFile(matrix, text.replace('seconds: 3', 'seconds: 600'));
  const running = run(name, matrix);
  await running.said(': test');
  const namespace = await namespaceOf(join(dir, name));
  assert.match((await programsIn(namespace)).join(' '), /qemu-system/);
  return { running, namespace };
}

async function nothingLeft(namespace: string): Promise<void> {
  const end = Date.now() + 20_000;
  while ((await programsIn(namespace)).length > 0 && Date.now() < end) await sleep(100);
  assert.deepEqual(await programsIn(namespace), []);
}

const numbers = ({ status, cases }: JobResult): unknown => ({
  status,
  cases: cases.map(({ name, status: one, metrics }) => ({ name, status: one, metrics })),
});

describe('lava-run without a server', { skip: why ?? false }, () => {
  before(async () => {
    const say = (text: string): void => console.log(text);
    root = await labRoot(new AbortController().signal, say);
  });
  after(() => rmSync(dir, { recursive: true, force: true }));

  test('fixed, the same as the machine itself; the files for doing it by hand', async () => {
    const unpatched = `    base: unpatched
  - {name: unpatched, source: "debian:linux-source", fix: absent, expect: FAIL}`;
    const matrix = await oneJob(join(dir, 'same'), unpatched, `${device}, qemu-pseries-p9`);
    const { code, stdout, stderr } = await run('same', matrix).ended;
    assert.equal(code, 0, stdout + stderr);
    const { jobs, overall } = await latest(join(dir, 'same'));
    assert.equal(overall, 'fixed');
    for (const kernel of ['patched', 'unpatched']) {
      const [there, here] = [device, 'qemu-pseries-p9'].map(
        (name) => jobs.find((one) => one.kernel === kernel && one.device === name) ?? assert.fail(),
      );
      assert.ok(there && here);
      assert.equal(here.status, kernel === 'patched' ? 'PASS' : 'FAIL');
      assert.deepEqual(numbers(there), numbers(here));
    }
    const files = join(dir, 'same', 'latest', `patched-${device}-t`, 'lava-run');
    assert.match(await readFile(join(files, 'out', 'result.yaml'), 'utf8'), /^result: pass$/m);
    assert.match(await readFile(join(files, 'log.yaml'), 'utf8'), /BUSYGUEST-START/);
  });

  test('a kernel that panics at boot: FAIL, 1', async () => {
    const matrix = await oneJob(join(dir, 'panic'), '    command-line: [rdinit=/none]', device);
    const { code, stderr } = await run('panic', matrix).ended;
    const job = await only('panic');
    assert.equal(job.status, 'FAIL', job.reason + stderr);
    assert.equal(job.decidedBy, 'fault');
    assert.equal(code, 1);
  });

  test('files that lava-run cannot find: ERROR, 69, in its words', async () => {
    const matrix = await oneJob(join(dir, 'absent'), '', device);
    assert.equal((await run('absent', matrix, [dir]).ended).code, 69);
    const job = await only('absent');
    assert.equal(job.decidedBy, 'infrastructure');
    assert.match(
      job.reason,
      /^lava-run: ended before the machine was started: .*(?:does not exist|Cannot find command)/,
    );
  });

  test('Ctrl-C: 130, and nothing is left running', async () => {
    const { running, namespace } = await longJob('stop');
    running.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
    assert.deepEqual(await programsIn(namespace), []);
  });

  test('busyguest is killed: nothing is left running', async () => {
    const { running, namespace } = await longJob('killed');
    running.kill('SIGKILL');
    await running.ended;
    await nothingLeft(namespace);
  });

  test('busyguest devices says whether lava-run can be used', async () => {
    const row = /^lava-run-\.{3} +(.*)$/m;
    const { stdout } = await busyguest(['devices']).ended;
    assert.equal(row.exec(stdout)?.[1], 'can run');
    const own = await firstLine(['sh', '-c', 'command -v lava-run']);
    const bare = await start(['devices']).ended;
    assert.match(
      row.exec(bare.stdout)?.[1] ?? '',
      own === undefined ? /^cannot: no lava-run here: .*lava-dispatcher/ : /^can run$/,
    );
  });
});
