// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Device } from '../../src/devices/device.js';
import type { ExitReason, JobResult } from '../../src/model/result.js';
import {
  ConsoleSession,
  type ConsoleFindings,
  type ConsoleLimits,
} from '../../src/pipeline/console-session.js';
import { judgeWatched } from '../../src/pipeline/job-result.js';
import { basicCases } from '../../src/payload/busy-guest/cases.js';
import { asExpected } from '../../src/verdict/exit.js';
import { pairVerdict } from '../../src/verdict/pair.js';
import { replayedJob } from './replay-sample.js';

const recorded = (name: string): Buffer =>
  readFileSync(new URL(`../../../test/fixtures/jobs/${name}.console.log`, import.meta.url));

function deviceThatPromises(promised: Device['promised']): Device {
  const never = (): never => assert.fail('a replay boots nothing');
  return { name: 'd', title: '', promised, missing: never, inputs: never, start: never };
}

interface Replay {
  readonly exit?: ExitReason;
  readonly chunk?: number;
  readonly promised?: Device['promised'];
  readonly bootId?: string;
}

function replay(
  bytes: Uint8Array,
  { exit, chunk = 4096, promised = {}, bootId }: Replay = {},
): JobResult {
  const session = new ConsoleSession({ bootId });
  for (let at = 0; at < bytes.length; at += chunk) session.push(bytes.subarray(at, at + chunk));
  const findings = session.end();
  const ended = exit ?? (findings.payload.ended ? 'done' : 'lost');
  const watched = { findings, exit: ended, machineFacts: {}, timesMs: {}, deadlineMs: 120_000 };
  return judgeWatched(replayedJob, deviceThatPromises(promised), watched, {}, false);
}

const statusOf = (one: JobResult): string => `${one.status} by ${one.decidedBy}`;

test('recorded jobs give the statuses they were recorded for', () => {
  assert.equal(statusOf(replay(recorded('patched'))), 'PASS by cases');
  assert.equal(statusOf(replay(recorded('unpatched'))), 'FAIL by cases');
  assert.equal(statusOf(replay(recorded('no-kvm-no-bandwidth'))), 'SKIP by cases');
  const panic = replay(recorded('panic-at-boot'));
  assert.equal(statusOf(panic), 'FAIL by fault');
  assert.match(panic.reason, /panic.*\(phase boot\)/);
});

test('a recorded kernel whose plain loop breaks its limit: the scheduler in virtual time, nobody in real time', () => {
  const text = recorded('unpatched').toString('latin1');
  const withTime = (time: string): JobResult =>
    replay(
      Buffer.from(
        text
          .replace(/^ok (\d+ control_host_loop_)/m, 'not ok $1')
          .replace('# fact: time virtual', `# fact: time ${time}`),
        'latin1',
      ),
    );
  const virtual = withTime('virtual');
  assert.equal(statusOf(virtual), 'FAIL by scheduler');
  assert.match(virtual.reason, /^control_host_loop_obeys_quota: 1\.0\d x the quota: the scheduler/);
  assert.equal(asExpected(virtual, 'FAIL'), false);
  const patched = replay(recorded('patched'));
  assert.equal(pairVerdict(virtual, patched), 'fixed');
  assert.equal(pairVerdict(patched, virtual), 'regressed');
  assert.equal(statusOf(withTime('real')), 'ERROR by control');
});

test('a guest that dies in the window is a fault, and no FAIL that an unpatched kernel is expected to give', () => {
  const bytes = recorded('guest-dies');
  const result = replay(bytes);
  assert.equal(statusOf(result), 'FAIL by fault');
  assert.equal(result.reason, 'kvm-entry: KVM_EXIT_MMIO (phase test)');
  assert.equal(asExpected(result, 'FAIL'), false);
  assert.equal(pairVerdict(result, replay(recorded('patched'))), 'inconclusive');
  const missing = result.cases.filter(({ status }) => status === 'MISS');
  assert.deepEqual(
    missing.map(({ name }) => name),
    basicCases.slice(3),
  );
  const silent = bytes.toString('latin1').replace(/^# fault: .*\r?\n/m, '');
  assert.equal(statusOf(replay(Buffer.from(silent, 'latin1'))), 'ERROR by cases');
});

test('a console belongs to its boot: the same lines of another boot, or of none, are an ERROR', () => {
  const text = recorded('patched').toString('latin1');
  const bootId = '0123456789abcdef';
  const withIds = (first: string, last: string): JobResult =>
    replay(
      Buffer.from(
        text
          .replace('BUSYGUEST-START v1', `BUSYGUEST-START v1${first}`)
          .replace(/BUSYGUEST-END (\d+)/, `BUSYGUEST-END $1${last}`),
        'latin1',
      ),
      { bootId },
    );
  const own = ` boot=${bootId}`;
  const others = [
    '',
    ' boot=',
    ' boot=fedcba9876543210',
    ` boot=${bootId}0`,
    ' boot=0123456789ABCDEF',
  ];
  assert.equal(statusOf(withIds(own, own)), 'PASS by cases');
  assert.equal(statusOf(withIds(`${own}[    1.0] late`, own)), 'PASS by cases');
  for (const other of others) {
    for (const result of [withIds(other, own), withIds(own, other), withIds(other, other)]) {
      assert.equal(statusOf(result), 'ERROR by machine', `"${other}": ${result.reason}`);
      assert.match(result.reason, /^not this boot: the payload's (first|last) line /);
    }
  }
});

test('it does not matter in which pieces the bytes come', () => {
  const whole = replay(recorded('patched'));
  for (const chunk of [1, 7, 100, 1_000_000]) {
    assert.deepEqual(replay(recorded('patched'), { chunk }), whole);
  }
});

test("what comes after the payload's last line changes nothing", () => {
  const late = Buffer.from('[    9.0] Kernel panic - not syncing: too late\r\n');
  const bytes = Buffer.concat([recorded('patched'), late]);
  assert.equal(new ConsoleSession().push(bytes), bytes.length - late.length);
  assert.deepEqual(replay(bytes), replay(recorded('patched')));
});

test('a console that stops anywhere: never PASS, and what was not reported is MISS', () => {
  const bytes = recorded('patched');
  const end = bytes.lastIndexOf('BUSYGUEST-END');
  for (let cut = 0; cut < end; cut += 97) {
    const result = replay(bytes.subarray(0, cut));
    assert.notEqual(result.status, 'PASS', `cut at ${cut}`);
    assert.equal(result.cases.length, basicCases.length);
  }
  const middle = replay(bytes.subarray(0, bytes.indexOf('ok 4 ')));
  assert.equal(statusOf(middle), 'MISS by machine');
  assert.deepEqual(
    middle.cases.filter(({ status }) => status === 'MISS').map(({ name }) => name),
    basicCases.slice(3),
  );
});

test('a machine that hangs: the phase is named', () => {
  const bytes = recorded('patched');
  const boot = replay(bytes.subarray(0, bytes.indexOf('BUSYGUEST-START')), { exit: 'deadline' });
  assert.equal(statusOf(boot), 'ERROR by machine');
  assert.match(boot.reason, /^boot: no start of the test within 120 s; last line: /);
  const testing = replay(bytes.subarray(0, bytes.indexOf('ok 3 ')), { exit: 'deadline' });
  assert.equal(statusOf(testing), 'ERROR by machine');
  assert.match(testing.reason, /^test: no end of the test/);
});

test('a device that promised another path: ERROR, whatever the cases say', () => {
  for (const name of ['patched', 'unpatched']) {
    const result = replay(recorded(name), { promised: { mmu: /^Hash$/ } });
    assert.equal(statusOf(result), 'ERROR by device');
    assert.match(result.reason, /mmu is "Radix"/);
  }
});

test("without the control's numbers there is no PASS", () => {
  const text = recorded('patched').toString('latin1');
  const silent = text.replaceAll(/^# metric: (demand|usage|window) .*\r?\n/gm, '');
  assert.equal(statusOf(replay(Buffer.from(silent, 'latin1'))), 'ERROR by proof');
});

test('more than is read of a console: never PASS, wherever it stops and in whatever pieces it comes', () => {
  const bytes = recorded('patched');
  const all = { bytes: bytes.length, ktapChars: 1e6, ktapLines: 1e6 };
  const read = (limits: ConsoleLimits, chunk: number): ConsoleFindings => {
    const session = new ConsoleSession({ cases: basicCases }, () => {}, limits);
    for (let at = 0; at < bytes.length; at += chunk) session.push(bytes.subarray(at, at + chunk));
    return session.end();
  };
  assert.equal(read({ ...all, bytes: bytes.length + 1 }, 100).flooded, undefined);
  const least: ConsoleLimits[] = [10, 1000, 5000, 9999].map((n) => ({ ...all, bytes: n }));
  const few: ConsoleLimits[] = [0, 10, 50].map((n) => ({ ...all, ktapLines: n }));
  const short: ConsoleLimits[] = [0, 999, 3000].map((n) => ({ ...all, ktapChars: n }));
  for (const limits of [...least, ...few, ...short]) {
    const findings = read(limits, 1_000_000);
    assert.ok(findings.flooded !== undefined, JSON.stringify(limits));
    for (const chunk of [1, 7, 100]) assert.deepEqual(read(limits, chunk), findings);
    assert.ok(findings.ktap.length <= limits.ktapLines + 1);
    const watched = { findings, exit: 'lost', machineFacts: {}, timesMs: {} } as const;
    const result = judgeWatched(replayedJob, deviceThatPromises({}), watched, {}, false);
    assert.equal(statusOf(result), 'ERROR by machine');
    assert.ok(result.reason.startsWith(`${findings.phase}: ${findings.flooded}`), result.reason);
  }
});
