// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { JobError } from '../../src/model/errors.js';
import { linkLatest } from '../../src/pipeline/run.js';
import { readRun } from '../../src/pipeline/run-folder.js';
import { inFolder } from './reports-html-run.js';
import { sampleRun } from './reports-run.js';
import { jobWith } from './verdict-evidence.js';

test('latest: runs that end together all link it, it is always there, and nothing else stays', () =>
  inFolder(async (results) => {
    const runs = Array.from({ length: 50 }, (_, place) => `run-${place}`);
    await linkLatest(results, join(results, 'run-0'));
    let linked = false;
    const look = async (): Promise<void> => {
      while (!linked) assert.ok(runs.includes(await readlink(join(results, 'latest'))));
    };
    const link = async (): Promise<void> => {
      try {
        await Promise.all(runs.map((run) => linkLatest(results, join(results, run))));
      } finally {
        linked = true;
      }
    };
    await Promise.all([look(), link()]);
    assert.deepEqual(await readdir(results), ['latest']);
  }));

test('latest: where it is a folder of the user, that stays and it is said', () =>
  inFolder(async (results) => {
    await mkdir(join(results, 'latest'));
    await assert.rejects(linkLatest(results, join(results, 'run')), /EISDIR/);
    assert.deepEqual(await readdir(results), ['latest']);
  }));

test('results.json from elsewhere: jobs whose names lead out of the run are refused', () =>
  inFolder(async (dir) => {
    const write = (jobs: unknown): Promise<void> =>
      writeFile(join(dir, 'results.json'), JSON.stringify({ ...sampleRun(), jobs }));
    await write([{ ...jobWith(), name: 'unpatched-qemu-powernv8-t' }]);
    assert.equal((await readRun(dir)).jobs.length, 1);
    const wrong = [undefined, {}, [null], [{ name: 1 }], ...['', '..', '../x', 'a/b', 'a\\b']];
    for (const jobs of wrong) {
      await write(typeof jobs === 'string' ? [{ ...jobWith(), name: jobs }] : jobs);
      await assert.rejects(readRun(dir), JobError, JSON.stringify(jobs));
    }
  }));
