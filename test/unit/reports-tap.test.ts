// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Parser, type Result } from 'tap-parser';
import type { JobResult, RunResult } from '../../src/model/result.js';
import { renderFlatTap, renderTap } from '../../src/reports/tap.js';
import { hostileText, sampleRun } from './reports-run.js';
import { caseWith, jobWith } from './verdict-evidence.js';

interface Read {
  readonly complaints: readonly unknown[];
  readonly points: readonly Result[];
  /** Test points of each subtest, by its name. */
  readonly children: Readonly<Record<string, readonly Result[]>>;
  readonly counts: { readonly plan: number | null; readonly seen: number };
}

/** Reads TAP with every complaint of tap-parser's strict mode. */
function read(text: string): Read {
  const points: Result[] = [];
  const children: Record<string, Result[]> = {};
  const parser = new Parser({ strict: true });
  const complaints: unknown[] = [];
  parser.on('extra', (extra: string) => complaints.push(extra));
  parser.on('assert', (result: Result) => points.push(result));
  parser.on('child', (child: Parser) => {
    const results: Result[] = [];
    child.on('assert', (result: Result) => results.push(result));
    child.on('extra', (extra: string) => complaints.push(extra));
    child.on('complete', () => {
      children[child.name] = results;
      complaints.push(...child.failures.filter(({ tapError }) => tapError));
    });
  });
  parser.end(text);
  complaints.push(...parser.failures.filter(({ tapError }) => tapError));
  assert.equal(parser.buffer, '');
  const counts = { plan: parser.results?.plan.end ?? null, seen: parser.count };
  return { complaints, points, children, counts };
}

const oneJob = (job: Partial<JobResult>): RunResult => sampleRun({ jobs: [jobWith(job)] });

test('tap: the reader of this test does complain', () => {
  assert.notEqual(read('TAP version 14\n1..2\nok 1 - a\n').complaints.length, 0);
  assert.notEqual(read('TAP version 14\n1..1\nnonsense\nok 1 - a\n').complaints.length, 0);
  assert.notEqual(
    read('TAP version 14\n1..1\n# Subtest: a\n    1..2\n    ok 1 - b\nok 1 - a\n').complaints
      .length,
    0,
  );
});

test('tap: a run is read back without a complaint', () => {
  const run = sampleRun();
  const text = renderTap(run);
  const { complaints, points, children, counts } = read(text);
  assert.deepEqual(complaints, []);
  assert.deepEqual(counts, { plan: 6, seen: 6 });
  assert.deepEqual(
    points.map(({ name, ok, skip, todo }) => [name, ok, skip, todo]),
    [
      [
        'unpatched-qemu-pseries-p9-busy-guest',
        false,
        false,
        'expected FAIL: busy_guest_obeys_quota: 3.33 x the quota',
      ],
      ['patched-qemu-pseries-p9-busy-guest', true, false, false],
      ['crashing-qemu-pseries-p9-busy-guest', false, false, false],
      ['contended-qemu-pseries-p9-busy-guest', false, false, false],
      ['half-qemu-pseries-p9-busy-guest', false, false, false],
      ['patched-qemu-powernv8-busy-guest', true, 'no qemu-system-ppc64', false],
    ],
  );
  assert.match(text, /^TAP version 14\n/);
  for (const job of run.jobs.filter(({ cases }) => cases.length > 0)) {
    assert.deepEqual(
      children[job.name]?.map(({ name, ok }) => [name, ok]),
      job.cases.map(({ name, status }) => [name, status === 'PASS' || status === 'SKIP']),
    );
  }
});

test('tap: the flat form has the same points in one row', () => {
  const run = sampleRun();
  const text = renderFlatTap(run);
  const { complaints, points, counts } = read(text);
  assert.deepEqual(complaints, []);
  const nested = read(renderTap(run));
  const all = [...nested.points, ...Object.values(nested.children).flat()];
  assert.deepEqual(counts, { plan: all.length, seen: all.length });
  const kinds = (some: readonly Result[]): string[] =>
    some.map(({ ok, skip, todo }) => `${ok} ${skip} ${todo}`).sort();
  assert.deepEqual(kinds(points), kinds(all));
  assert.equal(points[0]?.name, 'unpatched-qemu-pseries-p9-busy-guest: kvm_hv_available');
  // Of tap.py, a plan that stands behind comments is none.
  assert.match(text, /^TAP version 13\n1\.\.\d+\n# /);
});

test('tap: diagnostics carry status, expectation, metrics and faults', () => {
  const { points, children } = read(renderTap(sampleRun()));
  const [unpatched, , crashing] = points;
  assert.deepEqual(unpatched?.diag, {
    status: 'FAIL',
    expected: 'FAIL',
    as_expected: true,
    decided_by: 'cases',
    reason: 'busy_guest_obeys_quota: 3.33 x the quota',
  });
  assert.deepEqual(crashing?.diag?.faults, [
    { class: 'oops', phase: 'test', title: 'Oops in kvmhv', lines: 'NIP [c00]\n\nLR' },
  ]);
  const quota = children['unpatched-qemu-pseries-p9-busy-guest']?.[3];
  assert.deepEqual(quota?.diag, {
    status: 'FAIL',
    reason: '3.33',
    metrics: {
      overrun_ratio: { value: 3.33, unit: 'ratio' },
      usage: { value: 6_000_000, unit: 'us' },
    },
  });
});

test('tap: MISS is not ok and named', () => {
  const miss = caseWith('busy_guest_dies_at_once', 'MISS', {}, 'never reported');
  const { complaints, children } = read(renderTap(oneJob({ cases: [miss] })));
  assert.deepEqual(complaints, []);
  const [result] = Object.values(children).flat();
  assert.equal(result?.ok, false);
  assert.equal(result?.diag?.status, 'MISS');
});

test('tap: no test point opens a buffered subtest', () => {
  const cases = [caseWith('a {'), caseWith('b', 'SKIP', {}, 'no { {')];
  const text = renderTap(oneJob({ name: 'j {', cases, status: 'SKIP', reason: 'no {' }));
  assert.doesNotMatch(text, /^ *(not )?ok .*\{$/m);
});

test('tap: a run without jobs', () => {
  assert.deepEqual(read(renderTap(sampleRun({ jobs: [] }))).complaints, []);
});

test('tap: hostile text everywhere changes no result', () => {
  const line = fc.constantFrom(
    '...',
    '---',
    '  ...',
    'not ok 1',
    'Bail out!',
    '1..9',
    '# SKIP',
    '\\#',
    '{',
    '}',
    '\u2028',
    '\r',
    'TAP version 14',
    'pragma +strict',
    '\t',
    '',
  );
  const lines = fc.array(line, { maxLength: 6 }).map((all) => all.join('\n'));
  const hostile = fc.oneof(fc.constant(hostileText), lines, fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(hostile, fc.constantFrom('PASS', 'FAIL', 'SKIP'), (text, status) => {
      const fault = { class: text, title: text, phase: 'test', lines: [text] } as const;
      const result = caseWith(text, status, { [`m${text}`]: 1 }, text);
      const job = { status, reason: text, cases: [result, result], faults: [fault] } as const;
      const { complaints, points, counts } = read(renderTap(oneJob({ ...job, name: `j ${text}` })));
      assert.deepEqual(complaints, []);
      assert.deepEqual(
        points.map(({ ok, skip }) => [ok, skip !== false]),
        [[status !== 'FAIL', status === 'SKIP']],
      );
      assert.deepEqual(counts, { plan: 1, seen: 1 });
    }),
    { numRuns: 500 },
  );
});
