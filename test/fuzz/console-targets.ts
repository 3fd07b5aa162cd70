// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import type { Device } from '../../src/devices/device.js';
import { flatten } from '../../src/ktap/flatten.js';
import { KtapReader, type KtapCase } from '../../src/ktap/reader.js';
import { LineSplitter, maxLineLength } from '../../src/console/lines.js';
import type { JobResult } from '../../src/model/result.js';
import { ConsoleSession, type ConsoleFindings } from '../../src/pipeline/console-session.js';
import { judgeWatched } from '../../src/pipeline/job-result.js';
import { basicCases } from '../../src/payload/busy-guest/cases.js';
import { disturbed, either, mutated } from './mutate.js';
import { crashesOf, filesOf, type Target } from './target.js';
import { replayedJob } from '../unit/replay-sample.js';

const tokens = [
  'ok 1 kvm_hv_available\n',
  'not ok 4 busy_guest_obeys_quota\n',
  'ok 4 busy_guest_obeys_quota\n',
  ...[
    'ok',
    'not ok',
    'not ',
    'not',
    '\n',
    '\r\n',
    '\r',
    '\0',
    ' ',
    '\t',
    '#',
    '# ',
    '- ',
    '1..8\n',
  ],
  ...['BUSYGUEST-START v1\n', 'BUSYGUEST-END 0\n', 'BUSYGUEST-', 'KTAP version 1\n'],
  ...['# metric: usage 1 us\n', '# fact: mmu Radix\n', '# sample: phase=run t=1\n', '# reason: '],
  ...['# SKIP', '# TODO', '# TIMEOUT', '# Subtest: x\n', '# selftests: a: b\n', 'Bail out!'],
  ...[
    '[    1.234567] ',
    '[   12.3][   T7] ',
    '<6>',
    '\u001b[2J',
    '\u001b]0;',
    '\u001b',
    'é',
    '\ufffd',
  ],
  ...['Kernel panic - not syncing: x\n', 'BUG: x\n', 'OPAL v7\n', 'reboot: Restarting system\n'],
  ...['__proto__', 'constructor', '1e999', '99999999999999999999', '-0', 'NaN'],
];

const never = (): never => assert.fail('nothing is booted');
const device: Device = {
  name: 'd',
  title: '',
  promised: {},
  missing: never,
  inputs: never,
  start: never,
};

/** Reads a console in pieces and judges the job. */
function read(input: Buffer, chunk: number): { findings: ConsoleFindings; result: JobResult } {
  const session = new ConsoleSession();
  for (let at = 0; at < input.length; at += chunk) session.push(input.subarray(at, at + chunk));
  const findings = session.end();
  const exit = findings.payload.ended ? 'done' : 'lost';
  const watched = { findings, exit, machineFacts: {}, timesMs: {} } as const;
  return { findings, result: judgeWatched(replayedJob, device, watched, {}, false) };
}

/** The input as a person sees it: no NUL, no escape sequences; lines end as on a terminal. */
function linesOf(input: Buffer): string[] {
  const escapes =
    /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,256}(?:\u0007|\u001b\\)?|[ -/]*[0-~])?/g;
  const lines = input
    .toString('utf8')
    .replaceAll('\0', '')
    .split(/\r*\n|\r/);
  return lines.map((line) => line.replace(escapes, ''));
}

const saysOf = new Map(
  basicCases.map((name) => [
    name,
    (word: string) =>
      new RegExp(`^\\S{0,9}(?:\\[.{1,40}\\] ?)*${word}\\s+(?:\\d+\\s+)?(?:-\\s+)?${name}(?:\\s|$)`),
  ]),
);

/**
 * What must stand in a console before its job may be PASS; written apart from the reader. The number of a result and
 * the exit code behind END may be lost: the payload's own count of cases and their proof are not.
 */
function holdsPass(input: Buffer): string | undefined {
  const lines = linesOf(input);
  const start = lines.findIndex((line) => line.includes('BUSYGUEST-START v'));
  const ends = /^(?:<\d+>)?(?:\[.{1,40}\] ?)*BUSYGUEST-END(?! *[1-9])/;
  const end = lines.findIndex((line, i) => i > start && ends.test(line));
  if (start < 0 || end < start) return 'no START and END';
  if (end === lines.length - 1) return 'END without its line end';
  const test = lines.slice(start, end);
  for (const [name, says] of saysOf) {
    if (!test.some((line) => says('ok').test(line))) return `no "ok" for ${name}`;
    if (test.some((line) => says('not ok').test(line))) return `a "not ok" for ${name}`;
  }
  return undefined;
}

function bounded({ payload, faults, lastLines }: ConsoleFindings): void {
  assert.ok(payload.cases.length <= 2100 && payload.problems.length <= 110);
  assert.ok(payload.samples.length <= 200_000 && Object.keys(payload.facts).length <= 1000);
  assert.ok(faults.length <= 101 && lastLines.length <= 200);
  assert.ok(lastLines.every((line) => line.length <= maxLineLength));
}

/** The test's part of a console, with a tenth of its samples: what is decided by, and quick to read. */
function core(console: Buffer): Buffer {
  const text = console.toString('latin1');
  const lines = text.slice(text.indexOf('BUSYGUEST-START')).split('\n');
  const kept = lines.filter((line, i) => !line.startsWith('# sample') || i % 10 === 0);
  return Buffer.from(kept.join('\n'), 'latin1');
}

const jobs = filesOf('jobs', /patched.*\.log$/);
const recorded = [
  ...filesOf('jobs', /\.log$/),
  ...jobs.flatMap((one) => [core(one), core(one), core(one)]),
  ...filesOf('consoles', /\.log$/).map((one) => one.subarray(0, 6000)),
];
const whole = filesOf('jobs', /^unpatched.*\.log$/);
const unpatched = [...whole, ...Array.from({ length: 9 }, () => whole.map(core)).flat()];
/** A kernel that passes all cases but one, for each of them: one "not" decides. */
const oneFails = filesOf('jobs', /^patched.*\.log$/).flatMap((console) =>
  basicCases.slice(3).map((name) => {
    const text = core(console).toString('latin1');
    return Buffer.from(text.replace(new RegExp(`^ok (\\d+ ${name})`, 'm'), 'not ok $1'), 'latin1');
  }),
);

/** Any bytes as a console: the pieces make no difference, memory is bounded, no PASS that is not in it. */
export const consoleTarget: Target = {
  name: 'console',
  shortRuns: 300,
  inputs: mutated({
    corpus: [...recorded, ...crashesOf('console')],
    tokens,
    maxEdits: 6,
    maxBytes: 20_000,
    splice: true,
  }),
  check(input) {
    const once = read(input, input.length + 1);
    bounded(once.findings);
    if (once.result.status === 'PASS') assert.equal(holdsPass(input), undefined);
    const chunk = 1 + (input.reduce((sum, byte) => sum + byte, 0) % 200);
    assert.deepEqual(read(input, chunk), once);
  },
};

/** What is left of a `not`; one of the kernel's messages that are put in says "not ready". */
const anyNot = /\bnot\b(?! ready)/;

/**
 * The console of a kernel that FAILs, disturbed as consoles are, or with one change of any kind: never a PASS. (Many
 * arbitrary changes could write a PASS: then it stands in the input, and `console` holds that.) Where a message tears
 * off the only `not` and its line is lost as well, nothing tells of it but the exit code behind END, which is left 0
 * here so that the `not` decides.
 */
export const disturbedTarget: Target = {
  name: 'disturbed-fail',
  whole: true,
  shortRuns: 500,
  inputs: either(
    disturbed([...oneFails, ...unpatched.slice(0, 2)], 12),
    mutated({ corpus: unpatched, tokens, maxEdits: 1, maxBytes: 80_000, splice: false }),
  ),
  check(input) {
    if (!anyNot.test(input.toString('latin1'))) return;
    assert.notEqual(read(input, input.length + 1).result.status, 'PASS');
  },
};

function all(cases: readonly KtapCase[]): KtapCase[] {
  return cases.flatMap((one) => [one, ...all(one.cases)]);
}

/** Any bytes as KTAP: nothing passes without a line that says ok and its name; names are unique. */
export const ktapTarget: Target = {
  name: 'ktap',
  shortRuns: 2000,
  inputs: mutated({
    corpus: [...filesOf('ktap', /\.log$/), ...crashesOf('ktap')],
    tokens: [...tokens, 'name\n', 'ok 1 name\n', '    ok 1 a\n', '    1..2\n', '1..3\n', '  '],
    maxEdits: 5,
    maxBytes: 20_000,
    splice: true,
  }),
  check(input) {
    const splitter = new LineSplitter();
    const lines = [...splitter.push(input), ...splitter.end()];
    const reader = new KtapReader({ expected: ['never reported'] });
    for (const line of lines) reader.feed(line.text, line);
    const document = reader.end();
    const said = lines.flatMap(({ text }) =>
      [...text.matchAll(/(?<!not[ \t]+)(?<!\w)ok(?=\s|$)/g)].map(({ index }) => text.slice(index)),
    );
    for (const one of all(document.cases)) {
      if (one.status !== 'PASS') continue;
      const holds = said.some((text) => /^case \d+$/.test(one.name) || text.includes(one.name));
      assert.ok(holds, `PASS of ${one.name}`);
    }
    const names = flatten(document).map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    assert.equal(document.cases.find(({ name }) => name === 'never reported')?.status, 'MISS');
    assert.ok(document.problems.length <= 101);
  },
};
