// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { JobError } from '../../src/model/errors.js';
import type { JobMatrix } from '../../src/model/job.js';
import { linkLatest, runMatrix } from '../../src/pipeline/run.js';
import { readRun } from '../../src/pipeline/run-folder.js';
import { self } from '../../src/system/owner.js';
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

test('what a killed run left half-written goes with the next one', () =>
  inFolder(async (results) => {
    const dir = join(results, 'run');
    await mkdir(dir);
    const dead = self.replace(/^\d+/, '4999999');
    for (const place of [results, dir]) {
      for (const name of [`index.html.${dead}.0.tmp`, `index.html.${self}.0.tmp`, 'mine.tmp'])
        await writeFile(join(place, name), '');
    }
    const matrix = { name: 'm', file: 'm.yaml', kernels: [], jobs: [] } as unknown as JobMatrix;
    const options = { dir, startedAt: '', fresh: false, failFast: false };
    await runMatrix(matrix, options, new AbortController().signal, () => undefined);
    for (const place of [results, dir]) {
      const left = (await readdir(place)).filter((name) => name.endsWith('.tmp'));
      assert.deepEqual(left.sort(), [`index.html.${self}.0.tmp`, 'mine.tmp'], place);
    }
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
