// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CaseClock } from '../../src/ktap/case-clock.js';

/** Each line a millisecond after the one before. */
function timesOf(...lines: readonly string[]): ReturnType<CaseClock['times']> {
  const clock = new CaseClock();
  for (const [index, line] of lines.entries()) clock.line(line, 1000 + index);
  return clock.times();
}

test('cases are timed on both clocks, the first from what the kernel said last', () => {
  const times = timesOf(
    '[    0.355000] Run /init as init process',
    'BUSYGUEST-START v1',
    'KTAP version 1',
    '# clock: 1000000 us',
    'ok 1 a',
    'BG-RESULT v1 name=a result=pass measurement=1 unit=ok;',
    '# clock: 1500000 us',
    'not ok 2 b',
    'ok 3 c # SKIP one CPU',
    '# clock: 1700000 us',
    'not ok 4 d # ERROR nobody knows',
  );
  assert.deepEqual(times, {
    a: { wallMs: 3, machineUs: 645_000 },
    b: { wallMs: 3, machineUs: 500_000 },
    c: { wallMs: 1 },
    d: { wallMs: 2, machineUs: 200_000 },
  });
});

test('selftests are timed by the names of their cases', () => {
  const times = timesOf(
    'ok 9 before',
    'BUSYGUEST-START v1',
    'TAP version 13',
    '1..1',
    '# selftests: cgroup: test_cpu',
    '# ok 1 test_cpucg_max',
    '# not ok 2 test_cpucg_nested',
    'not ok 1 selftests: cgroup: test_cpu # exit=1',
  );
  assert.deepEqual(times, {
    'cgroup:test_cpu/test_cpucg_max': { wallMs: 4 },
    'cgroup:test_cpu/test_cpucg_nested': { wallMs: 1 },
    'cgroup:test_cpu': { wallMs: 1 },
  });
});

test('results without end, or with names of anybody, fill no memory and change no object', () => {
  const clock = new CaseClock();
  clock.line('BUSYGUEST-START v1', 1);
  clock.line('ok 1 __proto__', 1);
  for (let number = 2; number < 5000; number += 1) clock.line(`ok ${number} case-${number}`, 2);
  for (let number = 2; number < 5000; number += 1) clock.line(`# ok ${number} case-${number}`, 2);
  const times = clock.times();
  assert.equal(Object.keys(times).length, 1000);
  assert.ok(Object.hasOwn(times, '__proto__'));
});
