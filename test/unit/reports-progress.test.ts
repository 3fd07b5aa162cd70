// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import type { RunEvent } from '../../src/model/event.js';
import { stopwatch } from '../../src/reports/progress-activity.js';
import { progressReport, type ProgressOptions } from '../../src/reports/progress.js';
import { sampleRun } from './reports-run.js';
import { jobWith } from './verdict-evidence.js';

/** A progress report with a clock and a ticker that the test moves by hand. */
function bench(options: Partial<ProgressOptions> & { isTTY: boolean }) {
  let nowMs = 5000;
  let ticking: (() => void) | undefined;
  const writes: string[] = [];
  const report = progressReport({
    stream: {
      isTTY: options.isTTY,
      columns: 50,
      write: (text: string) => writes.push(text),
    },
    nowMs: () => nowMs,
    ticker: (_periodMs, tick) => {
      ticking = tick;
      return () => (ticking = undefined);
    },
    ...options,
  });
  return {
    writes,
    send: (...events: readonly RunEvent[]) => events.forEach((event) => report.onEvent?.(event)),
    pass(ms: number): void {
      nowMs += ms;
      ticking?.();
    },
    isTicking: () => ticking !== undefined,
    output: () => writes.join(''),
  };
}

const start: RunEvent = { kind: 'run-start', run: 'r1', dir: 'results/r1', jobs: ['a', 'b'] };
const build: RunEvent = { kind: 'work-start', work: 'k', text: 'build patched' };
const built = (fraction: number): RunEvent => ({
  kind: 'work-progress',
  work: 'k',
  text: 'build patched',
  fraction,
});
const end: RunEvent = { kind: 'run-end', result: sampleRun() };

test('stopwatch', () => {
  assert.deepEqual([0, 59_999, 60_000, 185_000, 3_729_000].map(stopwatch), [
    '0 s',
    '59 s',
    '1:00',
    '3:05',
    '1:02:09',
  ]);
});

test('progress: plain lines with the elapsed time where there is no terminal', () => {
  const screen = bench({ isTTY: false });
  screen.send(start, build);
  for (let percent = 1; percent <= 25; percent += 1) {
    screen.pass(1000);
    screen.send(built(percent / 100));
  }
  screen.pass(31_000);
  screen.send(built(0.26));
  screen.send({ kind: 'work-end', work: 'k', text: 'built patched', ok: true });
  screen.send({ kind: 'job-start', job: 'a' }, { kind: 'job-phase', job: 'a', phase: 'boot' });
  screen.send({ kind: 'console', job: 'a', line: 'Linux version' });
  screen.send({ kind: 'job-end', job: 'a', result: jobWith({ name: 'a', reused: true }) }, end);
  assert.deepEqual(screen.output().split('\n'), [
    '[0 s] run r1: 2 jobs, results in results/r1',
    '[0 s] build patched',
    '[10 s] build patched 10 %',
    '[20 s] build patched 20 %',
    '[56 s] build patched 26 %',
    '[56 s] built patched (56 s)',
    '[56 s] a: start',
    '[56 s] a: boot',
    '[56 s] a: PASS, as expected, taken from an earlier run: all 11 cases pass',
    '',
  ]);
  assert.ok(!screen.isTicking());
});

test('progress: one status line on a terminal, at most ten times a second', () => {
  const screen = bench({ isTTY: true });
  screen.send(build);
  assert.deepEqual(screen.writes, ['\r\u001b[Kbuild patched (0 s)']);
  for (let step = 1; step <= 1000; step += 1) {
    screen.pass(1);
    screen.send(built(step / 1000));
  }
  assert.ok(screen.writes.length <= 11, String(screen.writes.length));
  assert.ok(!screen.output().includes('\n'));
  screen.pass(100);
  assert.equal(screen.writes.at(-1), '\r\u001b[Kbuild patched 100 % (1 s)');
  const count = screen.writes.length;
  screen.pass(100);
  assert.equal(screen.writes.length, count, 'the same text is not drawn again');
  screen.pass(60_000);
  assert.match(screen.writes.at(-1) ?? '', /\(1:01\)$/);
});

test('progress: lines scroll above the status line, which ends with the run', () => {
  const screen = bench({ isTTY: true });
  screen.send(build, { kind: 'note', text: 'two\n  problems' });
  assert.deepEqual(screen.writes.slice(1), [
    '\r\u001b[Ktwo\nbuild patched (0 s)',
    '\r\u001b[K  problems\nbuild patched (0 s)',
  ]);
  screen.send(end);
  assert.equal(screen.writes.at(-1), '\r\u001b[K');
  assert.ok(!screen.isTicking());
});

const steps: RunEvent = {
  kind: 'steps',
  parallel: 2,
  steps: [
    { id: 'k', kind: 'work', key: 'k', pastMs: 60_000 },
    { id: 'a', kind: 'job', key: 'j', pastMs: 20_000 },
    { id: 'b', kind: 'job', key: 'j', pastMs: 20_000 },
  ],
};

test('progress: the time that is left, from what the steps took the last time and from their own pace', () => {
  const screen = bench({ isTTY: true });
  screen.send(start, steps, build);
  screen.pass(10_000);
  assert.equal(screen.writes.at(-1), '\r\u001b[Kabout 1:10 left | build patched (10 s)');
  // A fifth of it in 20 s: 80 s more, and the jobs.
  screen.pass(10_000);
  screen.send(built(0.2));
  screen.pass(100);
  assert.match(screen.writes.at(-1) ?? '', /^.{4}about 1:40 left \| build patched 20 % \(20 s\)$/s);
  screen.send({ kind: 'work-end', work: 'k', text: 'built patched', ok: true });
  screen.send({ kind: 'job-start', job: 'a' });
  screen.pass(15_000);
  assert.match(screen.writes.at(-1) ?? '', /^.{4}0 of 2 jobs, about 12 s left \| a \(15 s\)$/s);
  screen.pass(6000);
  assert.match(screen.writes.at(-1) ?? '', /^.{4}0 of 2 jobs \| a \(21 s\)$/s);
});

test('progress: no time is given where a step was never done here', () => {
  const screen = bench({ isTTY: true });
  screen.send({ ...steps, steps: [{ id: 'k', kind: 'work', key: 'k' }] }, build);
  screen.pass(10_000);
  assert.doesNotMatch(screen.output(), /left/);
});

test('progress: what has no room is left out whole, and numbers stay', () => {
  const screen = bench({ isTTY: true });
  const text = 'building patched: compiling arch/powerpc/kvm/book3s_hv.o';
  screen.send(build, { kind: 'work-progress', work: 'k', text, fraction: 0.45 });
  screen.pass(100);
  assert.equal(screen.writes.at(-1), '\r\u001b[Kbuilding patched 45 % (0 s)');
  const jobs = ['a', 'b'].map((one) => `${one}-qemu-pseries-papr-p10-busy-guest`);
  screen.send({ kind: 'work-end', work: 'k', text: 'built patched', ok: true });
  screen.send(start, ...jobs.map((job): RunEvent => ({ kind: 'job-start', job })));
  screen.pass(100);
  const first = '0 of 2 jobs | 2 more';
  assert.equal(screen.writes.at(-1), `\r\u001b[K${first}`);
});

test('progress: the status line never wraps', () => {
  const screen = bench({ isTTY: true });
  screen.send({ kind: 'work-start', work: 'x', text: 'y'.repeat(200) });
  assert.equal(screen.writes.at(-1)?.replace('\r\u001b[K', '').length, 49);
});

test('progress: quiet says nothing, verbose shows the console without its escapes', () => {
  for (const isTTY of [true, false]) {
    const quiet = bench({ isTTY, quiet: true, verbose: true });
    quiet.send(start, build, end);
    assert.deepEqual(quiet.writes, []);
  }
  const verbose = bench({ isTTY: false, verbose: true });
  verbose.send({ kind: 'console', job: 'a', line: '\u001b[2J\u0001boot' });
  assert.equal(verbose.output(), '[0 s] a | ?boot\n');
});

test('progress: what went wrong is said', () => {
  const screen = bench({ isTTY: false });
  screen.send({ kind: 'work-end', work: 'k', text: 'build patched', ok: false });
  const bad = jobWith({ name: 'a', status: 'ERROR', asExpected: false, reason: 'contended' });
  screen.send({ kind: 'job-end', job: 'a', result: bad });
  assert.match(
    screen.output(),
    /failed: build patched\n.*a: ERROR, NOT as expected \(PASS\): cont/,
  );
});
