// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Parser } from 'tap-parser';
import { statuses, type Status } from '../../src/model/status.js';
import type { JobResult, Judgement, RunResult } from '../../src/model/result.js';
import { renderJunit } from '../../src/reports/junit.js';
import { renderMarkdown } from '../../src/reports/markdown.js';
import { renderFlatTap, renderTap } from '../../src/reports/tap.js';
import { asExpected, exitCodeOf } from '../../src/verdict/exit.js';
import { expectedModes, shownAs } from '../../src/verdict/expected.js';
import { sampleRun } from './reports-run.js';
import { caseWith, jobWith } from './verdict-evidence.js';

function jobOf(status: Status, decidedBy: Judgement['decidedBy'], expect: Status): JobResult {
  const judgement = { status, decidedBy, reason: 'x' };
  return jobWith({
    ...judgement,
    expect,
    asExpected: asExpected(judgement, expect),
    cases: [caseWith('a'), caseWith('b', status)],
  });
}

const isOk = (tap: string): boolean => {
  const parser = new Parser();
  parser.end(tap);
  return parser.ok;
};
const isGreen = (xml: string): boolean => !/<(failure|error)\b/.test(xml);

/** What each reader sees of a run, by mode. */
function seen(run: RunResult): Readonly<Record<string, readonly boolean[]>> {
  return Object.fromEntries(
    expectedModes.map((mode) => [
      mode,
      [
        // A SKIP has an exit code of its own, and is never red.
        [0, 4].includes(exitCodeOf(run, mode)),
        isOk(renderTap(run, mode)),
        isOk(renderFlatTap(run, mode)),
        isGreen(renderJunit(run, { mode })),
      ],
    ]),
  );
}

test('expected: a base that fails as expected is green, and red where that is asked for', () => {
  const jobs = [jobOf('FAIL', 'cases', 'FAIL'), jobOf('PASS', 'cases', 'PASS')];
  const all = (value: boolean): boolean[] => Array.from({ length: 4 }, () => value);
  const run = sampleRun({ jobs });
  assert.deepEqual(seen(run), { pass: all(true), todo: all(true), fail: all(false) });
  assert.match(renderMarkdown(run, 'fail'), /\| FAIL \| \*\*yes, and counts as failed\*\* \|/);
  assert.match(renderMarkdown(run), /\| FAIL \| yes \|/);
});

test('expected: reports and exit code are of one mind about every run', () => {
  const decided = fc.constantFrom('cases', 'fault', 'control', 'machine', 'build', 'input');
  const job = fc.tuple(fc.constantFrom(...statuses), decided, fc.constantFrom(...statuses));
  fc.assert(
    fc.property(fc.array(job, { minLength: 1, maxLength: 4 }), (outcomes) => {
      const jobs = outcomes.map((one) => jobOf(...one));
      // A SKIP that is not expected is told by the exit code alone.
      fc.pre(!jobs.some(({ status, asExpected: as }) => status === 'SKIP' && !as));
      for (const all of Object.values(seen(sampleRun({ jobs })))) {
        assert.equal(new Set(all).size, 1, JSON.stringify(all));
      }
    }),
    { numRuns: 300 },
  );
});

test('expected: only a failure of a job that is as expected is shown another way', () => {
  const failed = jobOf('FAIL', 'fault', 'FAIL');
  for (const mode of expectedModes) {
    assert.equal(shownAs('FAIL', failed, mode), 'fail');
    assert.equal(shownAs('SKIP', failed, mode), 'skip');
    assert.equal(shownAs('PASS', jobOf('FAIL', 'cases', 'FAIL'), mode), 'pass');
  }
});
