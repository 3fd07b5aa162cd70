// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changedSymbols,
  evaluate,
  hasEffect,
  readSymbols,
  redefined,
} from '../../src/kernels/config-effect.js';

const before = readSymbols('CONFIG_SMP=y\nCONFIG_HZ=250\nCONFIG_MOD=m\nCONFIG_NAME="x"\n');
const after = readSymbols(
  'CONFIG_SMP=y\nCONFIG_HZ=250\nCONFIG_MOD=m\nCONFIG_NAME="x"\nCONFIG_X=y\n',
);
const none = new Set<string>();
const effect = (text: string, unknown: ReadonlySet<string> = none): boolean =>
  hasEffect(text, before, after, unknown);

test('symbols that differ', () => {
  assert.deepEqual(changedSymbols(before, after), ['CONFIG_X']);
  assert.deepEqual(changedSymbols(after, before), ['CONFIG_X']);
  const other = readSymbols('CONFIG_SMP=y\nCONFIG_HZ=100\nCONFIG_MOD=y\nCONFIG_NAME="x"\n');
  assert.deepEqual(changedSymbols(before, other), ['CONFIG_HZ', 'CONFIG_MOD']);
});

const conditions: readonly (readonly [string, boolean | undefined])[] = [
  ['defined(CONFIG_SMP)', true],
  ['defined CONFIG_SMP && !defined(CONFIG_OFF)', true],
  ['!CONFIG_SMP', false],
  ['CONFIG_HZ == 250 && CONFIG_HZ < 0x100', true],
  ['CONFIG_OFF > 3', false],
  ['defined(CONFIG_MOD)', false],
  ['defined(CONFIG_MOD_MODULE)', true],
  ['IS_ENABLED(CONFIG_MOD)', true],
  ['IS_BUILTIN(CONFIG_MOD)', false],
  ['IS_MODULE( CONFIG_MOD )', true],
  ['IS_REACHABLE(CONFIG_MOD)', undefined],
  ['IS_REACHABLE(CONFIG_OFF)', false],
  ['defined(MODULE)', undefined],
  ['defined(MODULE) && defined(CONFIG_OFF)', false],
  ['defined(MODULE) || defined(CONFIG_SMP)', true],
  ['(defined(MODULE) || defined(CONFIG_OFF)) && 1UL', undefined],
  ['CONFIG_NAME == 1', undefined],
  ['CONFIG_HZ + 1', undefined],
  ['CONFIG_HZ & 2', undefined],
  ['(CONFIG_SMP', undefined],
  ['', undefined],
];
for (const [condition, truth] of conditions) {
  test(`#if ${condition}: ${truth}`, () => {
    assert.equal(evaluate(condition, before, none), truth);
  });
}

const without: readonly (readonly [string, string])[] = [
  ['no word of it', 'int a;\n#ifdef CONFIG_SMP\nint b;\n#endif\n'],
  ['in comments', '/* CONFIG_X\n * CONFIG_X */ int a; // CONFIG_X\n'],
  // include/linux/rcupdate.h
  [
    'another symbol decides',
    '#if defined(CONFIG_OFF) && (!defined(CONFIG_SMP) || !defined(CONFIG_X))\nvoid f(void);\n#else\nint g;\n#endif\n',
  ],
  [
    'left out',
    '#ifdef CONFIG_OFF\nint a = IS_ENABLED(CONFIG_X);\n#ifdef CONFIG_X\n#endif\n#endif\n',
  ],
  ['behind a branch that is taken', '#ifdef CONFIG_SMP\n#elif defined(CONFIG_X)\nint a;\n#endif\n'],
  ['in the #else of what is on', '#ifdef CONFIG_SMP\n#else\nCONFIG_X\n#endif\n'],
  ['a longer name', 'CONFIG_XY CONFIG_X_Y MY_CONFIG_X\n'],
  ['continued lines', '#if defined(CONFIG_OFF) && \\\n  defined(CONFIG_X)\nint a;\n#endif\n'],
];
for (const [what, text] of without)
  test(`no effect: ${what}`, () => assert.equal(effect(text), false));

const withEffect: readonly (readonly [string, string])[] = [
  ['a condition', '#ifdef CONFIG_X\nint a;\n#endif\n'],
  ['a condition that nobody can decide', '#if defined(MODULE) && defined(CONFIG_X)\n#endif\n'],
  ['in code', 'if (IS_ENABLED(CONFIG_X)) f();\n'],
  ['as a module', '#ifdef CONFIG_X_MODULE\n#endif\nint a = CONFIG_X_MODULE;\n'],
  ['in a macro', '#define F(a) IS_ENABLED(CONFIG_X)\n'],
  ['in a branch that nobody can decide', '#ifdef MODULE\nint a = CONFIG_X;\n#endif\n'],
  ['in the #else of one', '#ifdef MODULE\n#else\nint a = CONFIG_X;\n#endif\n'],
  ['an #elif behind one', '#ifdef MODULE\n#elif defined(CONFIG_X)\n#endif\n'],
  ['behind a string with a comment in it', 'char *a = "/*"; int b = CONFIG_X; /* */\n'],
  ['behind a branch that is not taken', '#ifdef CONFIG_OFF\n#elif defined(CONFIG_X)\n#endif\n'],
  ['a file that is cut off', '#ifdef CONFIG_SMP\n'],
  ['an #endif too many', '#endif\n'],
];
for (const [what, text] of withEffect)
  test(`an effect: ${what}`, () => assert.equal(effect(text), true));

test('a symbol that a file defines itself decides nothing', () => {
  const text = '#if defined(CONFIG_OFF) && defined(CONFIG_X)\nint a;\n#endif\n';
  assert.equal(effect(text), false);
  assert.deepEqual(redefined('int a;\n # define CONFIG_OFF 1\n#undef CONFIG_SMP\n'), [
    'CONFIG_OFF',
    'CONFIG_SMP',
  ]);
  assert.equal(effect(text, new Set(['CONFIG_OFF'])), true);
});

test('a value that changes, and one that goes', () => {
  const other = readSymbols('CONFIG_SMP=y\nCONFIG_HZ=1000\n');
  const text = '#if CONFIG_HZ > 100\nint a;\n#endif\n';
  assert.equal(hasEffect(text, before, other, none), false);
  assert.equal(hasEffect(`${text}int hz = CONFIG_HZ;\n`, before, other, none), true);
  assert.equal(hasEffect('#ifdef CONFIG_NAME\n#endif\n', before, other, none), true);
});
