// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunResult } from '../../src/model/result.js';
import { busyguest, folder } from '../integration/cli.js';
import { finishedCheck } from './recorded-check.js';

test("run --resume of a check's folder gives what check --resume gives", async (context) => {
  const seen: { code: number | null; run: RunResult; mail: string }[] = [];
  for (const command of ['check', 'run']) {
    const dir = join(await folder(context), 'one');
    await finishedCheck(dir);
    const { code } = await busyguest(command, '--resume', dir, '--quiet');
    seen.push({
      code,
      run: JSON.parse(await readFile(join(dir, 'results.json'), 'utf8')) as RunResult,
      mail: await readFile(join(dir, 'mail.txt'), 'utf8'),
    });
  }
  const [check, run] = seen;
  assert.ok(check);
  assert.deepEqual(run, check);
  assert.equal(check.code, 0);
  assert.equal(check.run.overall, 'fixed');
  assert.deepEqual(
    check.run.jobs.map(({ asExpected }) => asExpected),
    [true, true],
  );
});
