// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import type { RunResult } from '../../src/model/result.js';
import { fileFormatNames, fileReport } from '../../src/reports/files.js';
import { openReports, runReports, type Report } from '../../src/reports/report.js';
import { headlineOf } from '../../src/verdict/headline.js';
import { renderResultsJson } from '../../src/reports/results-json.js';
import { sampleRun } from './reports-run.js';

async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-reports-'));
  try {
    await body(dir);
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** The same value with the keys of every object in reverse order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, item]) => [key, reversed(item)]),
  );
}

test('results.json: every field of the model, and only those', () => {
  const run = sampleRun();
  const said = { ...run, headline: headlineOf(run) };
  assert.deepEqual(JSON.parse(renderResultsJson(run)), JSON.parse(JSON.stringify(said)));
  assert.match(renderResultsJson(run), /^\{\n {2}"schema": 2,\n/);
});

test('results.json: the same bytes whatever the order of the keys', () => {
  const run = sampleRun();
  assert.equal(renderResultsJson(reversed(run) as RunResult), renderResultsJson(run));
});

test('files: each format writes its file and leaves nothing else', () =>
  inFolder(async (dir) => {
    const failures = await runReports(
      fileFormatNames.map((name) => fileReport(name)),
      sampleRun(),
      dir,
    );
    assert.deepEqual(failures, []);
    const files = (await readdir(dir)).sort();
    assert.deepEqual(files, [
      'annotations.txt',
      'junit.xml',
      'kcidb.json',
      'report.html',
      'results.json',
      'results.md',
      'results.tap',
      'results.tap13',
    ]);
    assert.match(await readFile(join(dir, 'results.tap'), 'utf8'), /^TAP version 14\n/);
  }));

test('files: junit takes the end of each console, however it begins', () =>
  inFolder(async (dir) => {
    const [job] = sampleRun().jobs;
    assert.ok(job);
    await mkdir(join(dir, job.name));
    // The tail starts in the middle of a character.
    await writeFile(join(dir, job.name, 'console.log'), `${'\u20ac'.repeat(60_000)}\nthe end\n`);
    await runReports([fileReport('junit', join(dir, 'other.xml'))], sampleRun(), dir);
    const xml = await readFile(join(dir, 'other.xml'), 'utf8');
    assert.match(
      xml,
      /\u20ac\nthe end\n\[\[ATTACHMENT\|[^|\]]+\/console\.log\]\]\n\]\]><\/system-out>/,
    );
    assert.ok(Buffer.byteLength(xml) < 100_000);
  }));

test('files: an existing file is replaced; one that cannot be written is one failure', () =>
  inFolder(async (dir) => {
    await writeFile(join(dir, 'results.json'), 'old');
    const reports = [fileReport('tap', join(dir, 'no-such-folder', 'x.tap')), fileReport('json')];
    const failures = await runReports(reports, sampleRun(), dir);
    assert.deepEqual(
      failures.map(({ report }) => report),
      ['tap'],
    );
    assert.match(failures[0]?.error.message ?? '', /ENOENT/);
    assert.deepEqual(await readdir(dir), ['results.json']);
    assert.match(await readFile(join(dir, 'results.json'), 'utf8'), /^\{/);
  }));

test('files: a console that is there and cannot be read is a failure of junit alone', () =>
  inFolder(async (dir) => {
    const [job] = sampleRun().jobs;
    await mkdir(join(dir, job?.name ?? '', 'console.log'), { recursive: true });
    const reports = fileFormatNames.map((name) => fileReport(name));
    const failures = await runReports(reports, sampleRun(), dir);
    assert.deepEqual(
      failures.map(({ report }) => report),
      ['junit'],
    );
    assert.match(failures[0]?.error.message ?? '', /EISDIR/);
  }));

test('files: several at once that write the same one are all whole', () =>
  inFolder(async (dir) => {
    const reports = Array.from({ length: 20 }, () => fileReport('tap'));
    await Promise.all(reports.map(async (report) => report.onEnd?.(sampleRun(), dir)));
    assert.deepEqual(await readdir(dir), ['results.tap']);
  }));

test('files: a pipe is written to, not replaced', () =>
  inFolder(async (dir) => {
    const pipe = join(dir, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [text, failures] = await Promise.all([
      readFile(pipe, 'utf8'),
      runReports([fileReport('tap', pipe)], sampleRun(), dir),
    ]);
    assert.deepEqual(failures, []);
    assert.match(text, /^TAP version 14\n/);
    assert.ok((await stat(pipe)).isFIFO());
  }));

test('reports: one that throws loses neither the run nor another', async () => {
  const heard: string[] = [];
  const bad: Report = {
    name: 'bad',
    onEvent() {
      heard.push('bad event');
      throw new Error('event');
    },
    onEnd() {
      heard.push('bad end');
      return Promise.reject(new Error('end'));
    },
  };
  const odd: Report = {
    name: 'odd',
    onEnd() {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- a library may throw anything
      throw 'a string';
    },
  };
  const good: Report = {
    name: 'good',
    onEvent: ({ kind }) => void heard.push(kind),
    onEnd: ({ run }, dir) => void heard.push(`${run} in ${dir}`),
  };
  const session = openReports([bad, odd, good]);
  session.sink({ kind: 'note', text: 'x' });
  session.sink({ kind: 'job-start', job: 'j' });
  const failures = await session.end(sampleRun({ run: 'r1' }), 'results/r1');
  assert.deepEqual(heard, ['bad event', 'note', 'job-start', 'bad end', 'r1 in results/r1']);
  assert.deepEqual(
    failures.map(({ report, error }) => [report, error.message]),
    [
      ['bad', 'event'],
      ['odd', 'a string'],
    ],
  );
});
