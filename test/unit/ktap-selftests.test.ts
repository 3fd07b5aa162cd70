// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPayload } from '../../src/ktap/payload.js';
import { projectDir } from '../../src/system/files.js';

// Linux 7.2.13 on qemu-pseries-p9, run by its own run_kselftest.sh, with a kernel that lacks inotify.
const fixture = join(projectDir, 'test/fixtures/kselftest/p9-minimal.log');
const recorded = readFileSync(fixture, 'utf8').trimEnd().split('\n');
const read = (lines: readonly string[]) => readPayload(lines, { format: 'selftests' });
const start = 'BUSYGUEST-START v1';

test('a recorded console: tests by the names of the list, and their subtests', () => {
  const result = read(recorded);
  assert.equal(result.ended, true);
  assert.equal(result.exitCode, 1);
  assert.deepEqual(result.problems, []);
  const tests = result.cases.filter(({ name }) => !name.includes('/test_') && !name.includes(' '));
  assert.deepEqual(
    tests
      .filter(({ name }) => !name.startsWith('timers:posix_timers/'))
      .map((one) => `${one.name} ${one.status}`),
    [
      'cgroup:test_cpu FAIL',
      'cgroup:test_freezer FAIL',
      'powerpc/math:fpu_syscall PASS',
      'timers:posix_timers PASS',
    ],
  );
  const cpu = result.cases.filter(({ name }) => name.startsWith('cgroup:test_cpu/'));
  assert.deepEqual(
    cpu.map(({ name, status }) => `${name.slice('cgroup:test_cpu/test_cpucg_'.length)} ${status}`),
    [
      ...['subtree_control PASS', 'stats PASS', 'nice PASS', 'weight_overprovisioned PASS'],
      ...['weight_underprovisioned SKIP', 'nested_weight_overprovisioned PASS'],
      ...['nested_weight_underprovisioned SKIP', 'max FAIL', 'max_nested FAIL'],
    ],
  );
  const max = cpu.find(({ name }) => name.endsWith('_max'));
  assert.match(max?.reason ?? '', /^\[FAIL\] actual=14981 expected=10000/);
});

const listed = ['# kselftest: a:one', '# kselftest: a/b:two', '# kselftest: a/b:three'];
const header = [start, ...listed, 'TAP version 13', '1..3'];

test('a test that was to run and is never reported is MISS by its name', () => {
  const { cases } = read([...header, '# selftests: a: one', 'ok 1 selftests: a: one']);
  assert.deepEqual(
    cases.map(({ name, status }) => [name, status]),
    [
      ['a:one', 'PASS'],
      ['a/b:two', 'MISS'],
      ['a/b:three', 'MISS'],
    ],
  );
});

test('a machine that dies in a test leaves its subtests, and the test itself is MISS', () => {
  const { cases } = read([
    ...header,
    '# selftests: a: one',
    '# TAP version 13',
    '# 1..2',
    '# ok 1 first',
  ]);
  const statusOf = (name: string) => cases.find((one) => one.name === name)?.status;
  assert.equal(statusOf('a:one'), 'MISS');
  assert.equal(statusOf('a:one/first'), 'PASS');
  assert.equal(statusOf('a/b:two'), 'MISS');
});

test("a test that ran out of its settings' time has failed", () => {
  const line = 'not ok 1 selftests: a: one # TIMEOUT 45 seconds';
  const { cases } = read([...header, '# selftests: a: one', line]);
  assert.deepEqual(cases[0], {
    name: 'a:one',
    status: 'FAIL',
    reason: 'TIMEOUT 45 seconds',
    metrics: [],
  });
});

test('a skipped test says why: what it printed, not its own name', () => {
  const { cases } = read([
    ...header,
    '# selftests: a: one',
    '# [SKIP] Test skipped on line 31',
    'ok 1 selftests: a: one # SKIP',
    '# selftests: a/b: two',
    '# 1..1',
    '# ok 1 # SKIP no_reason',
    'ok 2 selftests: a/b: two # SKIP',
  ]);
  assert.deepEqual(cases[0]?.reason, '[SKIP] Test skipped on line 31');
  const sub = cases.find(({ name }) => name === 'a/b:two/no_reason');
  assert.deepEqual([sub?.status, sub?.reason], ['SKIP', undefined]);
});

test('a line of the runner that a kernel message tears says nothing', () => {
  const { cases } = read([
    ...header,
    '# selftests: a: one',
    'ok 1 selftests: a: [    1.000000] oops',
  ]);
  assert.equal(
    cases.some(({ status }) => status === 'PASS'),
    false,
  );
});

test('without the format nothing of it is believed', () => {
  const { cases } = readPayload(recorded, { expectedCases: ['cgroup:test_cpu'] });
  assert.deepEqual(cases.map(({ name }) => name).includes('cgroup:test_cpu/test_cpucg_max'), false);
});

test('KUnit: suites and their tests; a suite that hangs is MISS by its name', () => {
  const { cases } = read([
    start,
    '# kunit: Handshake API tests',
    '# kunit: list',
    'KTAP version 1',
    '1..2',
    '    KTAP version 1',
    '    # Subtest: Handshake API tests',
    '    1..2',
    '    ok 1 req_alloc API fuzzing',
    '    # req_cancel: EXPECTATION FAILED at net/handshake/handshake-test.c:5',
    '    not ok 2 req_cancel',
    '# Handshake API tests: pass:1 fail:1 skip:0 total:2',
    'not ok 1 Handshake API tests',
  ]);
  assert.deepEqual(
    cases.map(({ name, status }) => `${status} ${name}`),
    [
      'FAIL Handshake API tests',
      'PASS Handshake API tests/req_alloc API fuzzing',
      'FAIL Handshake API tests/req_cancel',
      'MISS list',
    ],
  );
});
