// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { renderMarkdown } from '../../src/reports/markdown.js';
import { renderResultsJson } from '../../src/reports/results-json.js';
import { renderHeadline, renderTable } from '../../src/reports/terminal.js';
import { hostileText, sampleRun } from './reports-run.js';
import { jobWith } from './verdict-evidence.js';

const lineWith = (text: string, word: string): string =>
  text.split('\n').find((line) => line.includes(word)) ?? '';

test('table: the numbers that matter, aligned, by device and test', () => {
  const text = renderTable(sampleRun(), { color: false });
  assert.deepEqual(text.split('\n').slice(0, 5), [
    'qemu-pseries-p9, busy-guest',
    '  kernel     status  as expected    usage/quota  worst debt  kill latency',
    '  unpatched  FAIL    yes                 3.33 x      4.20 s        14.1 s',
    '    busy_guest_obeys_quota: 3.33 x the quota',
    '  patched    PASS    yes                 1.02 x     12.1 ms       98.0 ms',
  ]);
  assert.equal(lineWith(text, 'verdict: '), '  verdict: fixed (unpatched -> patched)');
  assert.match(text, /\nqemu-powernv8, busy-guest\n/);
  assert.match(lineWith(text, 'SKIP'), /SKIP {4}no device +- +- +-$/);
  assert.match(lineWith(text, 'MISS'), /NO, want PASS/);
  assert.ok(text.endsWith('\n3 of 6 jobs not as expected, 1 without a device\n'));
});

test('table: the control has metrics of the same names, and they are not shown', () => {
  const [control] = jobWith().cases.filter(({ name }) => name.startsWith('control_host'));
  assert.ok(control);
  const text = renderTable(sampleRun({ jobs: [jobWith({ cases: [control] })] }), { color: false });
  assert.match(lineWith(text, 'PASS'), /yes +- +- +-$/);
});

test('table: colour only when asked, and it changes nothing else', () => {
  const plain = renderTable(sampleRun(), { color: false });
  const colored = renderTable(sampleRun(), { color: true });
  assert.ok(!plain.includes('\u001b'));
  assert.match(colored, /\u001b\[31mFAIL\u001b\[39m/);
  assert.equal(stripVTControlCharacters(colored), plain);
});

test('table: plain ASCII within the width, whatever the results say', () => {
  const text = fc.oneof(fc.constant(hostileText), fc.string({ unit: 'binary', maxLength: 200 }));
  fc.assert(
    fc.property(text, fc.integer({ min: 20, max: 200 }), fc.boolean(), (bad, width, color) => {
      const job = jobWith({ kernel: bad, device: bad, status: 'FAIL', reason: bad });
      const pair = { base: bad, patched: bad, device: bad, test: 'busy-guest', verdict: 'fixed' };
      const run = sampleRun({ jobs: [job], verdicts: [{ ...pair, verdict: 'fixed' }] });
      const lines = stripVTControlCharacters(renderTable(run, { color, width })).split('\n');
      for (const line of lines) assert.match(line, /^[ -~]*$/);
      assert.ok(Math.max(...lines.map((line) => line.length)) <= width);
    }),
  );
});

const changes = {
  newlyBroken: ['x'],
  stillBroken: ['a', 'b', 'c', 'd', 'e'],
  mended: ['busy_guest_obeys_quota'],
} as const;
const mixed = { base: 'unpatched', patched: 'patched', device: 'qemu-pseries-p9' } as const;

test('every report names the cases that a pair leaves broken, mends and breaks', () => {
  const pair = { ...mixed, test: 'busy-guest', verdict: 'regressed', ...changes } as const;
  const run = sampleRun({ verdicts: [pair] });
  const table = renderTable(run, { color: false });
  assert.match(
    table,
    / verdict: regressed .*\n {4}newly broken: x\n {4}still broken: a, b, c, d and 1 more\n {4}mended: busy_guest_obeys_quota\n/,
  );
  assert.match(
    renderMarkdown(run),
    /\| \*\*regressed\*\* \| newly broken: x<br>still broken: a, b, c, d and 1 more<br>mended: busy_guest_obeys_quota \|/,
  );
  const { verdicts } = JSON.parse(renderResultsJson(run)) as { verdicts: unknown[] };
  assert.deepEqual(verdicts, [pair]);
});

test('table: a run without jobs, and one that was interrupted', () => {
  const empty = sampleRun({ jobs: [], verdicts: [], overall: 'none', interrupted: true });
  assert.equal(renderTable(empty, { color: false }), 'no jobs\n');
  assert.equal(renderHeadline(empty, { color: false }), 'interrupted: nothing was tested\n');
});

test('markdown: verdicts and jobs', () => {
  const text = renderMarkdown(sampleRun());
  assert.match(
    text,
    /^### busyguest: fixed: patched keeps the limit on pseries-p9; unpatched .*\n/,
  );
  assert.match(
    text,
    /\| qemu-pseries-p9 \| busy-guest \| unpatched \u2192 patched \| \*\*fixed\*\* \|/,
  );
  assert.match(text, /\| unpatched \| FAIL \| yes \| 3\.33 x \| 4\.20 s \| 14\.1 s \| busy_guest/);
  assert.match(text, /\| contended \| ERROR \| \*\*no\*\*, want PASS \|/);
  assert.match(text, /# contended &#92; \{ \|/);
});

test('markdown: text from a console stays one harmless cell', () => {
  const reason = `${hostileText} @everyone #12 <img src=x> **b** [l](http://x) ~~s~~ | x`;
  const job = jobWith({ reason });
  const rows = renderMarkdown(sampleRun({ jobs: [job], verdicts: [] })).split('\n');
  const row = rows.find((line) => line.includes('PASS')) ?? '';
  assert.equal(row.split('|').length, 11);
  assert.doesNotMatch(row, /<|@e|(?<!&)#1|`|\*|\[|~/);
});
