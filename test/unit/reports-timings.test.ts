// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { RunEvent } from '../../src/model/event.js';
import { timingsReport } from '../../src/reports/timings.js';
import { jobWith } from './verdict-evidence.js';

/** What the table says after events at these wall milliseconds: name to [wall, virtual]. */
function table(events: readonly (readonly [ms: number, event: RunEvent])[]) {
  let nowMs = 0;
  const report = timingsReport(() => nowMs);
  for (const [ms, event] of events) {
    nowMs = ms;
    report.onEvent?.(event);
  }
  const text = report.table(new Map([['html', 1500]]));
  const rows = text.split('\n').map((line): [string, string[]] => {
    const [name = '', ...cells] = line.trim().split(/ {2,}/);
    return [name, cells];
  });
  return { text, rows: new Map(rows) };
}

const job = 'a';
const said = (line: string): RunEvent => ({ kind: 'console', job, line });
const caseTimes = {
  kvm_hv_available: { wallMs: 10, machineUs: 45_000 },
  control_guest_unlimited: { wallMs: 180, machineUs: 500_000 },
};
const result = { ...jobWith(), name: job, timesMs: { image: 40, judge: 5 }, caseTimes };

const boot: readonly (readonly [number, RunEvent])[] = [
  [120, { kind: 'run-start', run: 'r', dir: 'd', jobs: [job] }],
  [200, { kind: 'job-phase', job, phase: 'boot' }],
  [250, said('SLOF')],
  [300, said('[    0.000000] Linux version')],
  [700, said('[    0.355000] Run /init as init process')],
  [710, said('BUSYGUEST-START v1')],
  [1000, { kind: 'job-end', job, result }],
];

test('timings: firmware, kernel, cases and judge, in wall and virtual time', () => {
  const { rows } = table(boot);
  assert.deepEqual(rows.get('set-up'), ['120 ms']);
  assert.deepEqual(rows.get('image'), ['40.0 ms']);
  assert.deepEqual(rows.get('firmware'), ['100 ms']);
  assert.deepEqual(rows.get('kernel boot'), ['410 ms', '355 ms']);
  assert.deepEqual(rows.get('kvm_hv_available'), ['10.0 ms', '45.0 ms']);
  assert.deepEqual(rows.get('control_guest_unlimited'), ['180 ms', '500 ms']);
  assert.deepEqual(rows.get('machine stopped, files'), ['95.0 ms']);
  assert.deepEqual(rows.get('judge'), ['5.00 ms']);
  assert.deepEqual(rows.get('html'), ['1.50 s']);
});

test('timings: the steps of a build', () => {
  const work = 'build x';
  const progress = (text: string): RunEvent => ({ kind: 'work-progress', work, text });
  const { rows } = table([
    [0, { kind: 'work-start', work, text: 'building x from y' }],
    [10, progress('building x: copying the source')],
    [30, progress('building x: configuring')],
    [90, progress('building x: compiling a.o')],
    [95, progress('building x: compiling b.o')],
    [990, { kind: 'work-end', work, text: 'building x', ok: true }],
  ]);
  assert.deepEqual(rows.get('build x: copying'), ['20.0 ms']);
  assert.deepEqual(rows.get('build x: configuring'), ['60.0 ms']);
  assert.deepEqual(rows.get('build x: compiling'), ['900 ms']);
});

test('timings: a job that was not booted, and a console that is not to be trusted', () => {
  const reused = { ...result, reused: true };
  assert.ok(table([[1, { kind: 'job-end', job, result: reused }]]).rows.has('reused, not booted'));
  const flood = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`x${index}\u001b[2J`, { wallMs: 1 }]),
  );
  const end = { kind: 'job-end', job, result: { ...result, caseTimes: flood } } as const;
  const { text } = table([...boot.slice(0, 6), [1000, end]]);
  assert.ok(text.split('\n').length < 250);
  assert.ok(!text.includes('\u001b'));
});
