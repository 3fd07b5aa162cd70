// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LineSplitter, maxLineLength, type Line } from '../../src/console/lines.js';

function split(chunks: readonly Uint8Array[]): Line[] {
  const splitter = new LineSplitter();
  return [...chunks.flatMap((chunk) => splitter.push(chunk)), ...splitter.end()];
}

function texts(text: string): string[] {
  return split([Buffer.from(text)]).map((line) => line.text);
}

test('LF, CR LF, several CRs and lone CRs end lines', () => {
  assert.deepEqual(texts('a\nb\r\nc\r\r\r\nd\re\n'), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(texts('C0000\rC0100\rPopulating\r\n\r\n'), ['C0000', 'C0100', 'Populating', '']);
  assert.deepEqual(texts('a\n\rb\n'), ['a', 'b']);
});

test('CR and LF in different chunks are one end', () => {
  assert.deepEqual(
    split(['a\r', '\nb\r', 'c\n'].map((text) => Buffer.from(text))).map((line) => line.text),
    ['a', 'b', 'c'],
  );
});

test('a last line without newline is marked', () => {
  assert.deepEqual(
    split([Buffer.from('a\n0:mon> ')]).map((line) => [line.text, line.terminated]),
    [
      ['a', true],
      ['0:mon> ', false],
    ],
  );
});

test('escapes leave the text and stay in raw; NUL bytes go', () => {
  const [one] = split([Buffer.from('SLOF\x1b[0m\x1b[?25l **\0*\x1b]0;title\x07!\n')]);
  assert.equal(one?.text, 'SLOF ***!');
  assert.equal(one?.raw, 'SLOF\x1b[0m\x1b[?25l ***\x1b]0;title\x07!');
});

test('UTF-8 split between chunks is put together, wrong bytes are replaced', () => {
  const bytes = Buffer.from('é\n');
  assert.equal(split([bytes.subarray(0, 1), bytes.subarray(1)])[0]?.text, 'é');
  assert.equal(split([Buffer.from([0x61, 0xff, 0x62, 0x0a])])[0]?.text, 'a\ufffdb');
});

test('a line that is too long comes in pieces, none of them terminated', () => {
  const lines = split([Buffer.from(`${'x'.repeat(3 * maxLineLength + 5)}\nok 1 a\n`)]);
  assert.deepEqual(
    lines.map((line) => [line.text.length, line.terminated]),
    [...Array.from({ length: 3 }, () => [maxLineLength, false]), [5, false], [6, true]],
  );
});

test('an endless line does not stay in memory', () => {
  const splitter = new LineSplitter();
  const chunk = Buffer.alloc(1 << 16, 'x');
  let longest = 0;
  for (let count = 0; count < 200; count += 1) {
    for (const line of splitter.push(chunk)) longest = Math.max(longest, line.text.length);
  }
  assert.ok(longest <= maxLineLength);
  const left = splitter.end().reduce((sum, line) => sum + line.text.length, 0);
  assert.ok(left <= maxLineLength);
});

test('chunk boundaries make no difference', () => {
  const piece = fc.constantFrom('a', 'bc', '\n', '\r', '\r\n', '\r\r\n', '\0', 'é', '\x1b[1m', '€');
  const text = fc.array(piece, { maxLength: 40 }).map((all) => Buffer.from(all.join('')));
  fc.assert(
    fc.property(text, fc.array(fc.nat(60), { maxLength: 6 }), (bytes, cuts) => {
      const at = [0, ...cuts.sort((one, other) => one - other), bytes.length];
      const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      assert.deepEqual(split(chunks), split([bytes]));
    }),
    { numRuns: 2000 },
  );
});
