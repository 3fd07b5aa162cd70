// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { resumeRun } from '../../src/cli/execute.js';
import { qemuArgv } from '../../src/devices/qemu/argv.js';
import { emulatedMachine } from '../../src/architectures/architectures.js';
import { JobError, UsageError } from '../../src/model/errors.js';
import type { JobResult } from '../../src/model/result.js';
import { makeBundle } from '../../src/pipeline/bundle/make-bundle.js';
import { openBundle } from '../../src/pipeline/bundle/open-bundle.js';
import { ConsoleSession } from '../../src/pipeline/console-session.js';
import { judgeWatched } from '../../src/pipeline/job-result.js';
import { historyReports, treeOf } from '../../src/pipeline/history.js';
import { readOpenRun, readRun } from '../../src/pipeline/run-folder.js';
import { digest } from '../../src/system/files.js';
import { readInputOrPipe } from '../../src/system/input.js';
import { quoteWords } from '../../src/system/shell-words.js';
import { createHash } from 'node:crypto';
import { replayedJob } from './replay-sample.js';
import { sampleRun } from './reports-run.js';
import { jobWith } from './verdict-evidence.js';

let dir = '';
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'busyguest-hostile-'));
  process.env['BUSYGUEST_CACHE'] = join(dir, 'cache');
  await mkdir(join(dir, 'cache'));
});
after(() => rm(dir, { recursive: true, force: true }));

const signal = new AbortController().signal;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const json = (path: string, value: unknown): Promise<void> =>
  writeFile(path, JSON.stringify(value));

/** What a stranger may change of a job's folder. */
interface Folder {
  readonly boot?: Readonly<Record<string, unknown>>;
  readonly job?: Readonly<Record<string, unknown>>;
  readonly result?: Partial<JobResult>;
  readonly argv?: readonly string[];
  readonly then?: (place: string) => Promise<unknown>;
}

const name = 'k-qemu-pseries-p9-t';
const parameters = { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 3 };

/** A job's folder as a run leaves it, with what somebody changed. */
async function folder({
  boot = {},
  job = {},
  result = {},
  argv = [],
  then,
}: Folder): Promise<string> {
  const place = join(await mkdtemp(join(dir, 'run-')), name);
  await mkdir(place);
  const kernel = join(place, 'vmlinux');
  const initramfs = join(dir, 'cache', `${digest(place)}.cpio`);
  await writeFile(kernel, 'a kernel');
  await writeFile(initramfs, 'an image');
  const own = {
    kernel,
    initramfs,
    commandLine: ['panic=-1'],
    payloadArgs: ['--seconds=3'],
    cpus: 1,
  };
  const machine = emulatedMachine('qemu-pseries-p9') ?? assert.fail();
  const words = ['/usr/bin/qemu-system-ppc64', ...qemuArgv(machine, own, true), ...argv];
  const sums = { kernel: sha256('a kernel'), initramfs: sha256('an image') };
  await json(join(place, 'boot.json'), { ...own, sha256: sums, ...boot });
  await json(join(place, 'job.json'), {
    timeouts: { buildMs: 1, bootMs: 1000, testMs: 1000 },
    test: { name: 't', parameters },
    knownFaults: [],
    ...job,
  });
  await json(join(place, 'status.json'), {
    ...jobWith(),
    name,
    kernel: 'k',
    device: 'qemu-pseries-p9',
    test: 't',
    facts: { device_used: 'qemu-pseries-p9' },
    deviceFacts: { qemu: 'QEMU', qemu_argv: quoteWords(words), icount: 'yes', repeats: 'bytes' },
    ...result,
  });
  await writeFile(join(place, 'console.log'), 'BUSYGUEST-START v1\n');
  await then?.(place);
  return place;
}

async function bundled(hostile: Folder): Promise<string> {
  const place = await folder(hostile);
  const file = join(place, '..', 'x.tar.zst');
  await makeBundle(place, file, signal);
  return file;
}

test('bundle: a job of any parameters is bundled, and its bundle opens', async () => {
  const more = [
    {},
    { tags: ['full'], cpus: 2 },
    { cases: ['limit_set_while_running'] },
    { trace: true },
    { vmm: 'qemu', vmmGuest: 'linux' },
  ];
  for (const own of more) {
    const all = { ...parameters, ...own };
    const file = await bundled({ job: { test: { name: 't', parameters: all } } });
    const { manifest } = await openBundle(file, await mkdtemp(join(dir, 'open-')), signal);
    assert.deepEqual(manifest.job.parameters, all);
  }
});

test("bundle: reproduce.sh is made of our own table, not of what the folder says QEMU's arguments were", async () => {
  const hostile: Folder[] = [
    { argv: ['-incoming', 'exec:id'] },
    { result: { deviceFacts: { qemu_argv: "qemu -M pseries -incoming 'exec:id'" } } },
    { result: { payloadFacts: { qemu_argv: 'x' }, deviceFacts: {} } },
    { boot: { commandLine: ['panic=-1', 'init=/x'] } },
  ];
  for (const one of hostile) await assert.rejects(bundled(one), UsageError);
  const spec = {
    name: 'd',
    machine: 'pseries',
    memoryMb: 1024,
    smp: 1,
    accel: 'tcg',
    icount: true,
    devices: [],
    extraArgs: [],
    console: 'hvc0',
  };
  const specs = [
    { ...spec, extraArgs: ['-incoming', 'exec:id'] },
    { ...spec, machine: 'pseries,memory-backend=m' },
    { ...spec, cpu: 'POWER9,x=y' },
    { ...spec, devices: ['loader,file=/etc/shadow'] },
    { ...spec, devices: ['virtio-rng-pci,romfile=/etc/shadow'] },
    { ...spec, devices: ['virtio-rng-pci,period=1\n-incoming'] },
    { ...spec, console: 'hvc0 x' },
  ];
  for (const deviceSpec of specs) {
    await assert.rejects(bundled({ job: { deviceSpec } }), JobError, JSON.stringify(deviceSpec));
  }
});

test('bundle: no file of ours comes into the bundle of a folder that names it', async () => {
  const secret = join(dir, 'secret');
  await writeFile(secret, 'canary');
  const sums = { kernel: sha256('canary'), initramfs: sha256('an image') };
  const hostile: Folder[] = [
    { boot: { kernel: secret, sha256: sums } },
    { boot: { kernel: '/etc/passwd' } },
    { boot: { kernel: '/dev/zero' } },
    { boot: { sha256: sums } },
    { boot: { sha256: undefined } },
    {
      then: (place) =>
        rm(join(place, 'vmlinux')).then(() => symlink(secret, join(place, 'vmlinux'))),
    },
    { then: (place) => symlink(secret, join(place, 'build.log')) },
    { then: (place) => symlink('/dev/zero', join(place, 'ktap.txt')) },
    { then: (place) => Promise.resolve(execFileSync('mkfifo', [join(place, 'ktap.txt')])) },
    {
      then: (place) =>
        rm(join(place, 'console.log')).then(() => symlink(secret, join(place, 'console.log'))),
    },
  ];
  for (const [index, one] of hostile.entries()) {
    // Whether QEMU's arguments or the file itself gives it away: no bundle comes of it.
    await assert.rejects(
      bundled(one),
      (error) => error instanceof JobError || error instanceof UsageError,
      `${index}`,
    );
  }
});

test('facts: what a kernel prints changes nothing of what we know or of what the device says', () => {
  const fixture = new URL('../../../test/fixtures/jobs/patched.console.log', import.meta.url);
  const lies =
    '# fact: accel kvm\n# fact: kernel_source evil\n# fact: qemu_argv -incoming exec:id\n# fact: device_used x\n# fact: inputs_key x\n';
  const text = readFileSync(fixture, 'latin1').replace(/(BUSYGUEST-START v1\r?\n)/, `$1${lies}`);
  const session = new ConsoleSession();
  session.push(Buffer.from(text, 'latin1'));
  const watched = {
    findings: session.end(),
    exit: 'done',
    machineFacts: { accel: 'tcg', qemu_argv: 'qemu -M pseries' },
    timesMs: {},
  } as const;
  const never = (): never => assert.fail('nothing is booted');
  const device = {
    name: 'd',
    title: '',
    promised: {},
    missing: never,
    inputs: never,
    start: never,
  };
  const known = { kernel_source: 'ours', device_used: 'd', inputs_key: 'k' };
  const result = judgeWatched(replayedJob, device, watched, known, false);
  assert.equal(result.status, 'PASS');
  assert.deepEqual(result.facts, known);
  assert.deepEqual(result.deviceFacts, watched.machineFacts);
  assert.equal(result.payloadFacts?.['kernel_source'], 'evil');
});

const deep = '['.repeat(200_000);
const noFiles: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['null', (path) => writeFile(path, 'null')],
  ['a list', (path) => writeFile(path, '[]')],
  ['an empty file', (path) => writeFile(path, '')],
  ['half of it', (path) => writeFile(path, '{"schema": 1, "jo')],
  ['nested', (path) => writeFile(path, `{"schema": 2, "jobs": ${deep}`)],
  ['a pipe', (path) => Promise.resolve(execFileSync('mkfifo', [path]))],
  ['a device', (path) => symlink('/dev/zero', path)],
  ['a folder', (path) => mkdir(path)],
];
for (const [what, make] of noFiles) {
  test(`results.json, run.json and status.json: ${what} is refused, at once`, async () => {
    const place = await mkdtemp(join(dir, 'bad-'));
    for (const file of ['results.json', 'run.json']) await make(join(place, file));
    await assert.rejects(readRun(place), JobError);
    await assert.rejects(resumeRun(place), JobError);
    await assert.rejects(resumeRun(place), /refused: /);
    assert.equal(await readOpenRun(place), undefined);
    const job = await folder({});
    await rm(join(job, 'status.json'));
    await make(join(job, 'status.json'));
    await assert.rejects(makeBundle(job, join(place, 'x'), signal), JobError);
  });
}

test('facts of schema 1 have no owner, so they count as what the payload said', async () => {
  const place = await mkdtemp(join(dir, 'old-'));
  const [job] = sampleRun().jobs;
  const old = { ...job, facts: { accel: 'kvm' }, deviceFacts: undefined, payloadFacts: undefined };
  await json(join(place, 'results.json'), { ...sampleRun(), schema: 1, jobs: [old] });
  const [read] = (await readRun(place)).jobs;
  assert.deepEqual([read?.facts, read?.payloadFacts], [{}, { accel: 'kvm' }]);
});

test('--resume: a lab that run.json names gets nothing unless the user names it too', async () => {
  const place = await mkdtemp(join(dir, 'lava-'));
  const text =
    'name: n\nkernels: [{name: k, source: t}]\ndevices: [qemu-powernv9]\ntests: [{name: t, quota-us: 30000}]\n';
  const record = { file: '/a/m.yaml', text, startedAt: '', jobs: ['k-qemu-powernv9-t'] };
  const lava = { lava: 'http://evil.example', publish: '/etc', runId: 'x' };
  await json(join(place, 'run.json'), { ...record, lava });
  await assert.rejects(
    resumeRun(place),
    /say so again .*--lava http:\/\/evil\.example --publish \/etc/,
  );
  await assert.rejects(resumeRun(place, { lava: 'http://evil.example' }), UsageError);
  await assert.rejects(
    resumeRun(place, { lava: 'https://mine.example', publish: '/etc' }),
    UsageError,
  );
  assert.equal((await resumeRun(place, { lava: lava.lava, publish: '/etc' })).lava?.runId, 'x');
});

test('an expression of a user takes time that grows with the text, however it is written', async () => {
  const { linearPattern } = await import('../../src/documents/pattern.js');
  // By backtracking this takes longer than there is time.
  assert.equal(linearPattern('(a+)+z$').test(`${'a'.repeat(5000)}!`), false);
  assert.equal(linearPattern('(a+)+z$').test(`${'a'.repeat(5000)}z`), true);
});

test('a pipe is read where one makes sense, and not without end', async () => {
  const fifo = join(dir, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const writer = await open(fifo, 'r+');
  await writer.write('name: n\n');
  const reading = readInputOrPipe(fifo, 100);
  await setTimeout(50);
  await writer.close();
  assert.equal((await reading).toString(), 'name: n\n');
  await assert.rejects(readInputOrPipe('/dev/zero', 100), /refused: it is a device/);
});

test('compare takes from a run.json of anybody no more than a tree, and waits for none', async () => {
  const place = await mkdtemp(join(dir, 'compared-'));
  const file = join(place, 'run.json');
  for (const record of [null, [], 7, { tree: 7 }, { tree: '/linux#next' }]) {
    await json(file, record);
    const isTree = JSON.stringify(record).includes('/linux');
    assert.equal(await treeOf(place), isTree ? '/linux' : 'TREE', JSON.stringify(record));
  }
  await rm(file);
  assert.equal(await treeOf(place), 'TREE');
  execFileSync('mkfifo', [file]);
  assert.equal(await Promise.race([treeOf(place), setTimeout(5000, 'waits')]), 'TREE');
});

test('a run that is compared with none keeps no comparison of before', async () => {
  const place = await mkdtemp(join(dir, 'results-'));
  const folderOfRun = join(place, 'only');
  await mkdir(folderOfRun);
  await json(join(folderOfRun, 'comparison.json'), { newFailures: 7 });
  await historyReports().comparison.onEnd?.(sampleRun(), folderOfRun);
  await assert.rejects(open(join(folderOfRun, 'comparison.json')), { code: 'ENOENT' });
});
