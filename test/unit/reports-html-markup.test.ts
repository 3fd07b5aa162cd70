// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { excerpt, firstOf } from '../../src/reports/html/limits.js';
import { escapeHtml, html, Markup } from '../../src/reports/html/markup.js';
import { samplesOf, parameters } from './reports-html-run.js';
import { seriesOf, thin, type Point } from '../../src/reports/html/series.js';
import { hostileText } from './reports-run.js';

test('markup: no text can leave its place, in text or in an attribute', () => {
  const text = fc.oneof(fc.constant(hostileText), fc.string({ unit: 'binary' }), fc.string());
  fc.assert(
    fc.property(text, (bad) => {
      assert.doesNotMatch(escapeHtml(bad), /[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      assert.doesNotMatch(escapeHtml(bad), /[^\t\n\P{Cc}]/u);
    }),
  );
  assert.equal(
    html`<a title="${'"><script>'}">${'</a></script>'}</a>`.text,
    '<a title="&quot;&gt;&lt;script&gt;">&lt;/a&gt;&lt;/script&gt;</a>',
  );
});

test('markup: lists, numbers, nothing, and markup as it is', () => {
  assert.equal(
    html`${[html`<b>${1}</b>`, ' & ', undefined]}${new Markup('<i>')}`.text,
    '<b>1</b> &amp; <i>',
  );
});

test('excerpt: bounded in lines, line length and whole', () => {
  assert.equal(excerpt(['a', 'b', 'c'], 2, 100), 'a\nb\n[1 more lines]');
  assert.equal(excerpt(['x'.repeat(10_000_000)], 2, 1000).length, 300);
  assert.equal(excerpt(['abcdef', 'ghijkl'], 2, 8), 'abcde...');
  assert.deepEqual(firstOf([1, 2, 3], 2), { first: [1, 2], rest: 1 });
});

test('thin: bounded, in order, with the ends and every extreme', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 2000 }),
      fc.integer({ min: 8, max: 100 }),
      (values, most) => {
        const points = values.map((y, x): Point => [x, y]);
        const kept = thin(points, most);
        assert.ok(kept.length <= most);
        assert.equal(kept[0], points[0]);
        assert.equal(kept.at(-1), points.at(-1));
        const extremes = (list: readonly Point[]) => {
          const ys = list.map(([, y]) => y);
          return [Math.min(...ys), Math.max(...ys)];
        };
        assert.deepEqual(extremes(kept), extremes(points));
        assert.deepEqual(
          [...kept].sort((a, b) => a[0] - b[0]),
          kept,
        );
      },
    ),
  );
});

test('series: debt is a negative runtime_remaining, and the freeze ends with the debt', () => {
  const series = seriesOf('unpatched', 0, samplesOf(true), parameters, 1000);
  assert.ok(series);
  const [, lowest] = series.remaining.reduce((a, b) => (b[1] < a[1] ? b : a));
  assert.ok(Math.abs(lowest - -4.2) < 1e-9);
  assert.equal(series.killS, 6);
  assert.equal(series.goneS, 20);
  assert.ok(Math.abs(series.remaining.at(-1)?.[1] ?? 1) < 1e-9);
  assert.equal(series.measured, undefined);
  assert.equal(seriesOf('none', 0, [], parameters, 10), undefined);
});

test('series: what was traced stands beside what was computed', () => {
  const samples = samplesOf(true).map((one) => ({ ...one, runtimeRemainingNs: -5_000_000 }));
  const series = seriesOf('k', 0, samples, parameters, 10);
  assert.equal(series?.measured?.[0]?.[1], -0.005);
  assert.deepEqual(series.remaining, seriesOf('k', 0, samplesOf(true), parameters, 10)?.remaining);
});
