// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import test from 'node:test';
import type { Step } from '../../src/model/event.js';
import { pastTimesReport, readPastTimes } from '../../src/pipeline/past-times.js';
import { cacheDir } from '../../src/system/files.js';
import { ownCache } from './own-cache.js';
import { sampleRun } from './reports-run.js';
import { jobWith } from './verdict-evidence.js';

const steps: readonly Step[] = [
  { id: 'build a', kind: 'work', key: 'build 1' },
  { id: 'j', kind: 'job', key: 'job 1' },
  { id: 'k', kind: 'job', key: 'job 2' },
];

test('past times: what steps took is there for the next run, but for what was reused or went wrong', async (context) => {
  await ownCache(context);
  assert.equal((await readPastTimes()).size, 0);
  let nowMs = 0;
  const report = pastTimesReport(() => nowMs);
  const send = (event: Parameters<NonNullable<typeof report.onEvent>>[0]): void =>
    report.onEvent?.(event);
  send({ kind: 'steps', steps, parallel: 2 });
  send({ kind: 'work-start', work: 'build a', text: 'building a' });
  nowMs = 5000;
  send({ kind: 'work-end', work: 'build a', text: 'built a', ok: true });
  send({ kind: 'job-start', job: 'j' });
  send({ kind: 'job-start', job: 'k' });
  nowMs = 7000;
  send({ kind: 'job-end', job: 'j', result: jobWith({ name: 'j' }) });
  send({ kind: 'job-end', job: 'k', result: jobWith({ name: 'k', reused: true }) });
  await report.onEnd(sampleRun(), 'unused');
  assert.deepEqual(
    [...(await readPastTimes())],
    [
      ['build 1', 5000],
      ['job 1', 2000],
    ],
  );

  send({ kind: 'work-start', work: 'build a', text: 'building a' });
  nowMs = 8000;
  send({ kind: 'work-end', work: 'build a', text: 'building a', ok: false });
  await report.onEnd(sampleRun(), 'unused');
  assert.equal((await readPastTimes()).get('build 1'), 5000);
});

test('past times: a file that is none costs nothing but the figures', async (context) => {
  const { cache } = await ownCache(context);
  await mkdir(cache);
  for (const text of ['', '[', 'null', '{"a": "x", "b": -1, "c": 3}']) {
    await writeFile(cacheDir('times.json'), text);
    const known = await readPastTimes();
    assert.deepEqual([...known], text.includes('"c"') ? [['c', 3]] : []);
  }
  assert.match(await readFile(cacheDir('times.json'), 'utf8'), /"c": 3/);
});
