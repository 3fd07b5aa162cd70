// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load, matrix, problemsOf, told } from './jobs-sample.js';

const hint = 'a job matrix has the keys name, kernels, devices, tests';
const refused: readonly (readonly [string, string, string])[] = [
  ['an empty file', '', `1> the file is empty; ${hint}`],
  ['a list at the root', '- a\n', `1>- the file holds no map; ${hint}`],
  [
    'a second document',
    `${matrix({})}---\nname: n\n`,
    '5>--- a second YAML document begins here; one file, one job matrix',
  ],
  [
    'a duplicate key',
    matrix({}, 'name: n\n'),
    '5>name duplicate key "name"; the first is in line 1',
  ],
  [
    '__proto__',
    matrix({ kernels: '[{name: k, source: t, __proto__: {fix: absent}}]' }),
    '2>__proto__ the key "__proto__" is not allowed',
  ],
  [
    '__proto__ in a map of names',
    matrix({ kernels: '[{name: k, source: t, expect-on: {__proto__: FAIL}}]' }),
    '2>__proto__ the key "__proto__" is not allowed',
  ],
  ['an alias without anchor', matrix({ devices: '[*d]' }), '3>*d no anchor "&d" before this alias'],
  ['an alias in itself', matrix({ devices: '&d [*d]' }), '3>*d the alias "*d" contains itself'],
  [
    'a tag',
    matrix({ kernels: '[{name: !!binary aGk=, source: t}]' }),
    '2>! Unresolved tag: tag:yaml.org,2002:binary',
  ],
  [
    'a number as key',
    matrix({}, '10: x\n'),
    '5>10 a key must be a plain word; put it in quotes if it is meant as a word',
  ],
  [
    'a map as key',
    matrix({}, '{a: b}: x\n'),
    '5>{a a key must be a plain word; put it in quotes if it is meant as a word',
  ],
  [
    'a merge key',
    matrix({}, '<<: {}\n'),
    '5><< unknown key "<<"; valid: name, fix, kernels, devices, tests, timeouts, known-faults, exclude',
  ],
  ['an open quote', matrix({}, 'fix: "a\n'), '6> Missing closing "quote'],
];

for (const [name, text, expected] of refused) {
  test(`refuses ${name}`, () => assert.deepEqual(told(text), [expected]));
}

test('refuses aliases that multiply', () => {
  const bomb = matrix(
    {},
    'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c]\n',
  );
  assert.deepEqual(told(bomb), ['8>*c more than 20 aliases']);
  const fewer = matrix(
    {},
    'a: &a [x,x]\nb: &b [*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c]\n',
  );
  assert.match(told(fewer).join('\n'), /Excessive alias count|unknown key "d"/);
});

test('a few aliases are fine, and a mistake behind one is shown where it stands', () => {
  const good = matrix({
    tests: '[{name: a, vcpus: &v [1, 2], quota-us: 3000}, {name: b, vcpus: *v, quota-us: 4000}]',
  });
  assert.equal(load(good).jobs.length, 4);
  const bad = matrix({
    tests: '[{name: a, vcpus: &v [1, x], quota-us: 3000}, {name: b, vcpus: *v, quota-us: 4000}]',
  });
  assert.deepEqual(
    problemsOf(bad).map(({ at }) => at?.column),
    [33, 33],
  );
});

test('refuses deep nesting before it exhausts the stack', () => {
  for (const text of [
    '['.repeat(200_000) + ']'.repeat(200_000),
    '- '.repeat(200_000),
    '? '.repeat(100),
    `a: ${'{a: '.repeat(100)}`,
  ]) {
    const [problem, ...others] = problemsOf(text);
    assert.equal(problem?.message, 'the nesting is too deep');
    assert.equal(problem.at?.line, 1);
    assert.equal(others.length, 0);
  }
  const blocks = Array.from({ length: 100 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('');
  assert.match(told(blocks)[0] ?? '', /^(19|[2-4][0-9])>a the nesting is too deep$/);
});

test('refuses files over 1 MB and maps with too many keys', () => {
  assert.deepEqual(told('#'.repeat(1_000_001)), [
    '1> the file has 1000001 bytes; a job matrix has at most 1000000',
  ]);
  const keys = Array.from({ length: 50_000 }, (_, index) => `k${index}: 1`).join('\n');
  assert.deepEqual(told(keys), ['1>k0 50000 entries; a list or map has at most 1000']);
});

test('the words of YAML 1.1 stay words under its directive', () => {
  assert.equal(
    load(`%YAML 1.1\n---\n${matrix({ kernels: '[{name: no, source: tree}]' })}`).kernels[0]?.name,
    'no',
  );
});

test('a byte order mark and CRLF shift no column and stay out of the excerpt', () => {
  const [problem] = problemsOf(`\uFEFF${matrix({}, 'nmae: x')}`.replaceAll('\n', '\r\n'));
  assert.deepEqual([problem?.at?.line, problem?.at?.column, problem?.excerpt], [5, 1, 'nmae: x']);
  const [first] = problemsOf('\uFEFFnmae: x\r\n');
  assert.equal(first?.at?.column, 1);
});

test('an excerpt cannot steer a terminal and is cut', () => {
  const [problem] = problemsOf(matrix({}, `nmae: "\u001b[2J${'x'.repeat(500)}"`));
  assert.equal(problem?.excerpt, `nmae: "\uFFFD[2J${'x'.repeat(189)}`);
});
