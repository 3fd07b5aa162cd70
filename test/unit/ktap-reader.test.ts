// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { LineSplitter } from '../../src/console/lines.js';
import { KtapReader, readKtap, type KtapCase, type KtapDocument } from '../../src/ktap/reader.js';

const fixtures = new URL('../../../test/fixtures/ktap/', import.meta.url);

function render(document: KtapDocument): string {
  const { cases, noiseLines, problems, ...rest } = document;
  const lines: string[] = [];
  const visit = (one: KtapCase, depth: number): void => {
    assert.equal(one.path.length, depth);
    const reason = one.reason === undefined ? '' : ` # ${one.reason}`;
    lines.push(`${'  '.repeat(depth)}${one.status} ${one.name}${reason}`);
    for (const text of one.diagnostics) lines.push(`${'  '.repeat(depth)}     | ${text}`);
    for (const child of one.cases) visit(child, depth + 1);
  };
  for (const one of cases) visit(one, 0);
  for (const [key, value] of Object.entries(rest)) lines.push(`${key}: ${value}`);
  lines.push(`noise lines: ${noiseLines}`, ...problems.map((text) => `problem: ${text}`));
  return `${lines.join('\n')}\n`;
}

for (const file of readdirSync(fixtures).filter((name) => name.endsWith('.log'))) {
  test(`ktap fixture ${file}`, () => {
    const splitter = new LineSplitter();
    const reader = new KtapReader();
    for (const line of [
      ...splitter.push(readFileSync(new URL(file, fixtures))),
      ...splitter.end(),
    ]) {
      reader.feed(line.text, line);
    }
    const actual = render(reader.end());
    const expected = new URL(file.replace(/\.log$/, '.expected'), fixtures);
    if (process.env['UPDATE_FIXTURES']) writeFileSync(expected, actual);
    assert.equal(actual, readFileSync(expected, 'utf8'));
  });
}

function statuses(lines: string[], options = {}): string[] {
  return readKtap(lines, options).cases.map((one) => `${one.status} ${one.name}`);
}

test('expected names replace numbers of missing cases', () => {
  const options = { expected: ['a', 'b', 'c'] };
  assert.deepEqual(statuses(['1..4', 'ok 1 a'], options), [
    'PASS a',
    'MISS b',
    'MISS c',
    'MISS case 2',
  ]);
  assert.deepEqual(statuses([], options), ['MISS a', 'MISS b', 'MISS c']);
});

test('a last line without newline is not trusted', () => {
  assert.deepEqual(statuses(['ok 1 a', 'ok 2 b'], { terminated: false }), ['PASS a', 'ERROR b']);
});

test('a line of a megabyte is not trusted and not kept', () => {
  const [one] = readKtap([`ok 1 ${'x'.repeat(1 << 20)}`]).cases;
  assert.deepEqual([one?.name, one?.status], ['case 1', 'ERROR']);
});

test('a plan of a thousand million is not unrolled', () => {
  const document = readKtap(['1..999999999', 'ok 1 a']);
  assert.equal(document.cases.length, 10_001);
  assert.match(document.problems.join(), /not all are listed/);
});

test('50 MB of noise leave nothing behind', () => {
  const noise = [
    '[    1.234567] usb 1-1: new high-speed USB device number 2 using xhci_hcd',
    '    indented words that say nothing',
    '# a diagnostic that belongs to no result at all',
    'ok this is prose',
    'not good',
    'x'.repeat(4000),
  ];
  const bytesEach = noise.reduce((sum, line) => sum + line.length + 1, 0);
  const rounds = Math.ceil(50e6 / bytesEach);
  const reader = new KtapReader();
  for (let round = 0; round < rounds; round += 1) for (const line of noise) reader.feed(line);
  reader.feed('KTAP version 1');
  reader.feed('ok 1 found');
  const document = reader.end();
  assert.equal(document.noiseLines, rounds * (noise.length - 1));
  assert.deepEqual(
    document.cases.map((one) => [one.name, one.status]),
    [['found', 'PASS']],
  );
  // The document holds all that the reader kept.
  assert.ok(JSON.stringify(document).length < 200_000);
});

test('endless results, plans and diagnostics stay within their bounds', () => {
  const reader = new KtapReader();
  for (let number = 1; number <= 300_000; number += 1) {
    reader.feed(`# remark ${number}`);
    reader.feed(`ok ${number * 2} same`);
    reader.feed('1..3');
  }
  const document = reader.end();
  assert.ok(document.cases.length <= 100_000);
  assert.equal(document.cases.at(-1)?.status, 'ERROR');
  assert.ok(document.problems.length <= 101);
  const diagnostics = document.cases.reduce((sum, one) => sum + one.diagnostics.length, 0);
  assert.ok(diagnostics <= 50_000);
});
