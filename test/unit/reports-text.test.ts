// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatRatio, formatUs } from '../../src/model/units.js';
import {
  asciiLine,
  cleanLine,
  cleanText,
  clip,
  minuteOf,
  tailBytes,
  wrap,
} from '../../src/reports/text.js';
import { hostileText } from './reports-run.js';

test('formatUs: three digits and the unit that fits', () => {
  const rows: readonly (readonly [number, string])[] = [
    [0, '0 us'],
    [350.4, '350 us'],
    [1000, '1.00 ms'],
    [12_100, '12.1 ms'],
    [98_000, '98.0 ms'],
    [250_000, '250 ms'],
    [14_100_000, '14.1 s'],
    [-2_000, '-2.00 ms'],
    [NaN, 'unknown'],
  ];
  for (const [us, text] of rows) assert.equal(formatUs(us), text);
  assert.equal(formatRatio(3.333), '3.33 x');
});

test('cleanText: escape sequences go, other control characters are marked, line feeds stay', () => {
  assert.equal(cleanText('a\u001b[31mb\u001b[0m \u0007\tc\r\nd\re'), 'ab \uFFFD\tc\nd\uFFFDe');
  assert.equal(cleanText('\u0000\ud83d\u2028\uffff\u{1F600}'), `${'\uFFFD'.repeat(4)}\u{1F600}`);
  assert.equal(cleanLine('  a\n\t b '), 'a b');
  assert.equal(asciiLine('caf\u00e9 \u{1F600}'), 'caf? ?');
});

test('cleanText: nothing that a terminal or XML 1.0 acts on is left', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(hostileText)), (text) => {
      const clean = cleanText(text);
      assert.doesNotMatch(clean, /[^\t\n\P{Cc}]|[\p{Cs}\uFFFE\uFFFF]/u);
      assert.match(asciiLine(text), /^[ -~]*$/);
    }),
  );
});

test('cleanText: terminal titles, character sets, cursor keys, unfinished sequences', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['a\u001b]0;title\u0007b', 'ab'],
    ['a\u001b]8;;http://x\u001b\\b', 'ab'],
    ['a\u001b(Bb\u001b7c\u001bMd', 'abcd'],
    ['a\u001b[?25lb\u001b[1;31mc\u001b[2 qd', 'abcd'],
    ['a\u001b', 'a\uFFFD'],
    ['\u001b[', '\uFFFD['],
    ['\u001b]no end\nb', '\uFFFD]no end\nb'],
    ['\u009b31m', '\uFFFD31m'],
  ];
  for (const [text, clean] of rows) assert.equal(cleanText(text), clean);
});

test('cleanText: megabytes of one hostile line', { timeout: 60_000 }, () => {
  for (const piece of ['\u001b', '\u001b[', '\u001b[1;', '\u001b]x', '1;', ' ', '\r']) {
    const text = `\u001b[${piece.repeat(2_000_000)}x`;
    assert.ok(cleanLine(text).endsWith('x') || piece.startsWith('\u001b'));
  }
});

test('clip, wrap', () => {
  assert.equal(clip('abcdef', 6), 'abcdef');
  assert.equal(clip('abcdefg', 6), 'abc...');
  assert.equal(clip('abc', 2), 'ab');
  assert.deepEqual(wrap('aa bb cc', 5, 3), ['aa bb', 'cc']);
  assert.deepEqual(wrap('aa bb cc dd ee', 5, 2), ['aa bb', 'cc...']);
  assert.deepEqual(wrap('abcdefgh', 5, 2), ['ab...']);
});

test('minuteOf: for people; what is no time stays', () => {
  assert.equal(minuteOf('2026-11-28T13:06:52.426Z'), '2026-11-28 13:06 UTC');
  for (const text of ['', '2026-11-23', 'yesterday']) assert.equal(minuteOf(text), text);
});

test('tailBytes: the end, within the bound, never half a character', () => {
  assert.equal(tailBytes('abc', 3), 'abc');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 40 }), (text) => {
      const tail = tailBytes(text, 39);
      assert.ok(Buffer.byteLength(tail) <= 39);
      assert.ok(text.endsWith(tail.replace('[... cut ...]\n', '')), tail);
      assert.ok(tail.length > 14);
    }),
  );
});
