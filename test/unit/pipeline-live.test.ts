// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import type { JobResult } from '../../src/model/result.js';
import { LiveResults } from '../../src/pipeline/live-results.js';
import { writeWhole } from '../../src/system/files.js';
import { inFolder } from './reports-html-run.js';
import { jobWith } from './verdict-evidence.js';

test('live results: a run that was seen between its folder and its run.json is seen later', () =>
  inFolder(async (results) => {
    await mkdir(join(results, 'run'));
    const live = new LiveResults(results);
    assert.deepEqual((await live.snapshot()).open, []);
    await writeFile(join(results, 'run', 'run.json'), '{"jobs": ["a"]}');
    assert.deepEqual(
      (await live.snapshot()).open.map(({ dir, planned }) => [dir, planned]),
      [['run', 1]],
    );
  }));

const write = (results: string, job: JobResult): Promise<void> =>
  writeWhole(join(results, 'run', job.name, 'status.json'), JSON.stringify(job));

test('live results: a status is read once, and again when it is another one', () =>
  inFolder(async (results) => {
    await mkdir(join(results, 'run'));
    const record = { file: 'm.yaml', startedAt: '2026-11-01', jobs: ['b', 'a', 'later'] };
    await writeFile(join(results, 'run', 'run.json'), JSON.stringify(record));
    const [a, b] = [jobWith({ name: 'a' }), jobWith({ name: 'b' })];
    for (const job of [a, b, jobWith({ name: 'stray' })]) await write(results, job);
    const live = new LiveResults(results);
    const look = async (): Promise<readonly JobResult[]> =>
      (await live.snapshot()).open.flatMap(({ result }) => result.jobs);

    const first = await look();
    assert.deepEqual(first, [b, a]);
    const second = await look();
    // The same object: nobody has read and parsed it again.
    assert.ok(first.every((job, place) => second[place] === job));

    const failed = jobWith({ name: 'a', status: 'MISS' });
    await write(results, failed);
    await write(results, jobWith({ name: 'later' }));
    const third = await look();
    assert.deepEqual(
      third.map(({ name, status }) => [name, status]),
      [
        ['b', 'PASS'],
        ['a', 'MISS'],
        ['later', 'PASS'],
      ],
    );
    assert.equal(third[0], first[0]);

    await rm(join(results, 'run', 'a'), { recursive: true });
    assert.equal((await look()).length, 2);
    await writeFile(join(results, 'run', 'results.json'), '{}');
    assert.deepEqual(await look(), []);
  }));
