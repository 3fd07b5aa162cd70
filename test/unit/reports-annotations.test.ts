// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { renderAnnotations } from '../../src/reports/annotations.js';
import { pairRun } from './reports-html-run.js';

const run = pairRun(['qemu-pseries-p9']);
const [broken, patched] = run.jobs;
assert.ok(broken && patched);

test('annotations: a run in which all is as expected has none but its headline', () => {
  assert.match(renderAnnotations(run), /^::notice title=busyguest::.+\n$/);
  assert.match(renderAnnotations(run, 'fail'), /^::error title=FAIL unpatched-/);
});

test('annotations: text of a console ends no command and begins none', () => {
  const reason = 'it ran on,\n::set-env name=PATH::/evil\r\n100% of: it';
  const jobs = [
    broken,
    { ...patched, name: 'a,b:c', status: 'FAIL' as const, asExpected: false, reason },
  ];
  const lines = renderAnnotations({ ...run, jobs })
    .trimEnd()
    .split('\n');
  assert.equal(lines.length, 2);
  assert.equal(
    lines[0],
    '::error title=FAIL a%2Cb%3Ac::it ran on, ::set-env name=PATH::/evil 100%25 of: it',
  );
});

test('annotations: GitHub shows ten', () => {
  const jobs = Array.from({ length: 30 }, (_, index) => ({
    ...patched,
    name: `job-${index}`,
    status: 'ERROR' as const,
    asExpected: false,
  }));
  const lines = renderAnnotations({ ...run, jobs })
    .trimEnd()
    .split('\n');
  assert.equal(lines.filter((line) => line.startsWith('::error')).length, 10);
  assert.equal(lines[9], '::error title=busyguest::and 21 more jobs failed');
});
