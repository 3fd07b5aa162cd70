// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Verdict } from '../../src/model/status.js';
import { b4Failure, b4ResultOf, renderB4 } from '../../src/reports/b4-result.js';
import { hostileText, sampleRun } from './reports-run.js';
import { jobWith } from './verdict-evidence.js';

test('b4: a status for each verdict, and only its own three', () => {
  const statusOf = (overall: Verdict | 'none') =>
    b4ResultOf(sampleRun({ overall, jobs: [jobWith()] }), '').status;
  assert.deepEqual(
    (['fixed', 'not-reproduced', 'unchanged'] as const).map(statusOf),
    Array(3).fill('pass'),
  );
  assert.deepEqual(
    (['no-effect', 'inconclusive', 'none'] as const).map(statusOf),
    Array(3).fill('warn'),
  );
  assert.equal(statusOf('regressed'), 'fail');
});

test('b4: a series that does not compile fails, whatever else was found; an interrupted check does not', () => {
  const unbuilt = jobWith({ status: 'FAIL', decidedBy: 'build', asExpected: false, cases: [] });
  const run = sampleRun({ overall: 'inconclusive', jobs: [unbuilt] });
  assert.equal(b4ResultOf(run, '').status, 'fail');
  const cut = b4ResultOf({ ...run, interrupted: true }, '');
  assert.deepEqual([cut.status, cut.summary], ['warn', 'interrupted']);
});

test('b4: one JSON list, with texts that a terminal can show', () => {
  const failure = b4Failure('fail', `${hostileText}\nmore`);
  const [read, ...others] = JSON.parse(renderB4(failure)) as Record<string, string>[];
  assert.deepEqual(others, []);
  assert.deepEqual(Object.keys(read ?? {}).sort(), ['details', 'status', 'summary', 'tool']);
  assert.doesNotMatch(read?.['summary'] ?? '', /[\0-\x1f]/);
  const url = 'https://ci.example.org/run/report.html';
  assert.equal(b4ResultOf(sampleRun(), '', url).url, url);
});
