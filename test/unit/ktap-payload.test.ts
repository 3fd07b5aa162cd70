// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PayloadReader, readPayload } from '../../src/ktap/payload.js';

const sound = [
  'Linux version 7.2.13',
  'ok 9 before_the_start',
  'BUSYGUEST-START v1',
  'KTAP version 1',
  '1..4',
  '# fact: hz 250',
  '# fact: cpu POWER9 (architected)',
  'ok 1 kvm_hv_available',
  '[    2.000000] hrtimer: interrupt took 5 ns',
  '# metric: usage 305000 us',
  '# metric: overrun_ratio 1.05 ratio',
  '# sample: phase=run t=100000 usage=30512 periods=1 throttled=1 throttled_us=69000',
  '# sample: phase=run t=200000 usage=60512 periods=2 throttled=2 throttled_us=139000 runtime_ns=-12',
  '# reason: used more than its quota',
  'not ok 2 busy_guest_obeys_quota',
  'ok 3 traced # SKIP no tracefs',
  'ok 4 killed',
  'BUSYGUEST-END 1',
  'ok 5 after_the_end',
];

test('cases, facts, metrics and samples of a sound run', () => {
  const result = readPayload(sound);
  assert.equal(result.started && result.ended && !result.restarted, true);
  assert.equal(result.exitCode, 1);
  assert.deepEqual(result.facts, { hz: '250', cpu: 'POWER9 (architected)' });
  assert.deepEqual(result.cases, [
    { name: 'kvm_hv_available', status: 'PASS', metrics: [] },
    {
      name: 'busy_guest_obeys_quota',
      status: 'FAIL',
      reason: 'used more than its quota',
      metrics: [
        { name: 'usage', value: 305000, unit: 'us' },
        { name: 'overrun_ratio', value: 1.05, unit: 'ratio' },
      ],
    },
    { name: 'traced', status: 'SKIP', reason: 'no tracefs', metrics: [] },
    { name: 'killed', status: 'PASS', metrics: [] },
  ]);
  assert.deepEqual(result.samples[1], {
    phase: 'run',
    tUs: 200000,
    usageUs: 60512,
    periods: 2,
    throttled: 2,
    throttledUs: 139000,
    runtimeRemainingNs: -12,
  });
  assert.deepEqual(result.problems, []);
});

test('the phase follows START and END as they come', () => {
  const reader = new PayloadReader();
  const phases = sound.map((line) => {
    reader.feed(line);
    return reader.phase;
  });
  assert.deepEqual(phases.slice(0, 3), ['boot', 'boot', 'test']);
  assert.deepEqual(phases.slice(-3), ['test', 'done', 'done']);
});

test('expected cases that never came are MISS, whatever the plan says', () => {
  const lines = ['BUSYGUEST-START v1', '1..1', 'ok 1 a'];
  const { cases, ended } = readPayload(lines, { expectedCases: ['a', 'b'] });
  assert.equal(ended, false);
  assert.deepEqual(
    cases.map((one) => `${one.status} ${one.name}`),
    ['PASS a', 'MISS b'],
  );
});

test('a machine that was reset is not trusted', () => {
  const lines = ['BUSYGUEST-START v1', 'ok 1 a', 'BUSYGUEST-START v1', 'ok 1 a', 'BUSYGUEST-END 0'];
  const result = readPayload(lines, { expectedCases: ['a'] });
  assert.equal(result.restarted, true);
  assert.deepEqual(
    result.cases.map((one) => one.status),
    ['ERROR'],
  );
  assert.match(result.problems.join(), /started twice/);
});

test('broken result lines never pass', () => {
  const expectedCases = ['busy_guest', 'busy_guest_obeys_quota', 'killed'];
  const broken = [
    ['ok 1 busy_guest[    1.234567] usb 1-1: new device'],
    ['not [    1.234567] usb 1-1: new device', 'ok 1 killed'],
    ['ok 1 kil'],
    ['ok killed and so on'],
    ['# ok 1 killed'],
  ];
  for (const lines of broken) {
    const { cases } = readPayload(['BUSYGUEST-START v1', ...lines], { expectedCases });
    const passed = cases.filter((one) => one.status === 'PASS' && expectedCases.includes(one.name));
    assert.deepEqual(passed, [], lines.join());
  }
  const reader = new PayloadReader({ expectedCases });
  reader.feed('BUSYGUEST-START v1');
  reader.feed('ok 1 killed', false);
  assert.equal(reader.end().cases.find((one) => one.name === 'killed')?.status, 'ERROR');
});

test('what cannot be read is a problem, not a number', () => {
  const lines = [
    'BUSYGUEST-START v1',
    '# metric: usage 30x us',
    '# metric: usage 30',
    '# metric: usage 3050 us[    1.234567] usb 1-1: new device',
    '# sample: phase=run t=1 usage=2',
    'ok 1 a',
    'BUSYGUEST-END 1[    1.234567] reboot: Power down',
  ];
  const result = readPayload(lines);
  assert.deepEqual(result.cases, [{ name: 'a', status: 'PASS', metrics: [] }]);
  assert.equal(result.samples.length, 0);
  assert.equal(result.problems.length, 5);
  assert.equal(result.ended, true);
  assert.equal(result.exitCode, undefined);
});

test('an exit code is known by its line end, and not 0 by its first digit', () => {
  const end = (text: string, terminated: boolean): unknown[] => {
    const reader = new PayloadReader();
    reader.feed('BUSYGUEST-START v1');
    reader.feed(`BUSYGUEST-END${text}`, terminated);
    const { ended, exitCode, failed } = reader.end();
    return [ended, exitCode, failed];
  };
  // Of 98, cut off where the console ends.
  assert.deepEqual(end(' 9', false), [false, undefined, true]);
  assert.deepEqual(end(' 0', false), [false, undefined, false]);
  assert.deepEqual(end('', false), [false, undefined, false]);
  assert.deepEqual(end(' 9[    1.234567] reboot: Power down', true), [true, undefined, true]);
  assert.deepEqual(end(' 0[    1.234567] reboot: Power down', true), [true, undefined, false]);
  assert.deepEqual(end(' 1234', true), [true, undefined, true]);
  assert.deepEqual(end(' 98', true), [true, 98, true]);
  assert.deepEqual(end(' 0', true), [true, 0, false]);
});

test('the same case twice with different results is ERROR', () => {
  const { cases } = readPayload(['BUSYGUEST-START v1', 'not ok 1 a', 'ok 2 a', 'BUSYGUEST-END 0']);
  assert.equal(cases[0]?.status, 'ERROR');
});

test('facts with odd names do not reach the prototype', () => {
  const { facts } = readPayload(['BUSYGUEST-START v1', '# fact: __proto__ x']);
  assert.deepEqual(Object.keys(facts), ['__proto__']);
});

test('a version that is not known does not start', () => {
  assert.equal(readPayload(['BUSYGUEST-START v2', 'ok 1 a']).started, false);
});

test('a "not ok" within a line, behind words without an end of line, is never outvoted by an "ok"', () => {
  const inside = [
    '[    3.1] no newlinenot ok 1 a',
    'Pnot ok a',
    '# not ok 1 - a',
    'ok 7 xnot ok 1 a',
  ];
  for (const line of inside) {
    for (const order of [
      [line, 'ok 1 a'],
      ['ok 1 a', line],
    ]) {
      const lines = ['BUSYGUEST-START v1', ...order, 'ok 2 b', 'BUSYGUEST-END 0'];
      const { cases } = readPayload(lines, { expectedCases: ['a', 'b'] });
      const statusOf = (name: string) => cases.find((one) => one.name === name)?.status;
      assert.deepEqual([statusOf('a'), statusOf('b')], ['ERROR', 'PASS'], order.join(' / '));
    }
  }
});
