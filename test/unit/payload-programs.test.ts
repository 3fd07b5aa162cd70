// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectDir } from '../../src/system/files.js';

// A copy of the compiled program, with a toy test program in it: it counts to a number.
const root = mkdtempSync(join(tmpdir(), 'busyguest-programs-'));
after(() => rmSync(root, { recursive: true }));
const src = join(root, 'dist', 'src');
cpSync(join(projectDir, 'dist', 'src'), src, { recursive: true });
for (const name of ['package.json', 'jobs', 'docs', 'node_modules']) {
  symlinkSync(join(projectDir, name), join(root, name));
}

const toy = `
import { z } from 'zod';
const parameters = z.strictObject({ count: z.int().min(1) });
const reported = (cases) => cases.find(({ name }) => name === 'counts');
const numberOf = (cases) => reported(cases)?.metrics.find(({ name }) => name === 'count')?.value;
export const toy = {
  name: 'toy',
  parameters,
  matrix: {
    key: 'toy',
    keys: { toy: z.int().min(1).optional() },
    expand: (entry) => [{ parameters: { count: entry.toy }, suffix: '', cpusPath: ['toy'] }],
    count: () => 1,
    check: () => [],
  },
  machine: {
    argv: ({ count }) => ['--count=' + count],
    cpus: () => ({ count: 1, isExact: false, key: 'toy', text: '1 CPU' }),
    image: () => ({ kind: 'program', program: 'busy-guest' }),
    facts: ({ count }) => ({ count: String(count) }),
  },
  judging: {
    cases: () => ['counts'],
    isControl: () => false,
    isNeeded: () => true,
    runsAlways: () => false,
    isDecisive: () => true,
    hasRun: (cases) => reported(cases)?.status === 'PASS',
    failureOfControl: () => undefined,
    isCertain: () => true,
    missingProof: (cases, { count }) => numberOf(cases) === count ? [] : ['it has not counted to ' + count],
  },
  reporting: {
    describe: (one) => one.name === 'counts' ? 'counted to ' + numberOf([one]) : undefined,
    comesFirst: () => false,
    kcidbPath: 'toy',
    measured: ['counts'],
    keyNumbers: [{ name: 'counted to', column: 'count', of: ({ cases }) => String(numberOf(cases) ?? '-') }],
    overview: () => undefined,
    signature: () => undefined,
    placeInKernel: () => undefined,
    phrases: {
      keeps: 'counts', keepsMany: 'count', breaks: 'does not count', breaksMany: 'do not count',
      onlyOthersFail: 'counts, and fails', scheduler: 'lets nobody count',
    },
    cpuLimit: () => undefined,
    bars: [],
    evidence: () => '',
  },
};
`;
mkdirSync(join(src, 'payload', 'toy'));
writeFileSync(join(src, 'payload', 'toy', 'program.js'), toy);
const list = join(src, 'payload', 'programs.js');
const line = "export { toy } from './toy/program.js';\n";
writeFileSync(list, `${line}${readFileSync(list, 'utf8')}`);

// The types are those of the program that is tested itself.
const load = (await import(join(src, 'jobs/load.js'))) as typeof import('../../src/jobs/load.js');
const boot = (await import(
  join(src, 'pipeline/boot.js')
)) as typeof import('../../src/pipeline/boot.js');
const judged = (await import(
  join(src, 'pipeline/job-result.js')
)) as typeof import('../../src/pipeline/job-result.js');
const session = (await import(
  join(src, 'pipeline/console-session.js')
)) as typeof import('../../src/pipeline/console-session.js');
const pair = (await import(
  join(src, 'verdict/pair.js')
)) as typeof import('../../src/verdict/pair.js');
const markdown = (await import(
  join(src, 'reports/markdown.js')
)) as typeof import('../../src/reports/markdown.js');

const kernel = '{ name: K, source: ./linux }';
const matrixText = (test: string): string =>
  `name: m\nkernels: [${kernel.replace('K', 'old')}, ${kernel.replace('K, ', 'new, base: old, ')}]\ndevices: [d]\ntests:\n  - ${test}\n`;
const matrixOf = (test: string) =>
  load.loadMatrix('/lab/m.yaml', matrixText(test), { knownDevices: ['d'] });

type Job = ReturnType<typeof matrixOf>['jobs'][number];

function run(job: Job, lines: readonly string[]) {
  const one = new session.ConsoleSession({ cases: ['counts'] });
  const all = ['BUSYGUEST-START v1', 'KTAP version 1', '1..1', ...lines, 'BUSYGUEST-END 0', ''];
  one.push(Buffer.from(all.join('\n')));
  const watched = { findings: one.end(), exit: 'done' as const, machineFacts: {}, timesMs: {} };
  const never = (): never => assert.fail();
  const device = {
    ...{ name: 'd', title: '', promised: {}, missing: never, inputs: never, start: never },
  };
  return judged.judgeWatched(job, device, watched, {}, false);
}
const counts = ['# metric: count 3 count', 'ok 1 counts'];
const fails = ['# metric: count 1 count', 'not ok 1 counts'];

test('a test program is a folder and a line: matrix, arguments, judge, pair and report know it', () => {
  const { jobs } = matrixOf('{ name: counting, toy: 3 }');
  const [old, patched] = jobs;
  assert.ok(old && patched);
  assert.deepEqual(old.test, { name: 'counting', program: 'toy', parameters: { count: 3 } });
  const bare = { image: 'k', initramfs: 'i', commandLine: [], otherImages: new Map(), facts: {} };
  assert.deepEqual(boot.bootOf(old, bare).payloadArgs, ['--count=3']);

  const passed = run(old, counts);
  assert.equal(passed.program, 'toy');
  assert.equal(passed.reason, 'all 1 cases pass; counts: counted to 3');
  const short = run(old, ['# metric: count 2 count', 'ok 1 counts']);
  assert.equal(short.status, 'ERROR');
  assert.equal(short.reason, 'a PASS without proof: it has not counted to 3');

  const broken = run(patched, fails);
  assert.equal(pair.pairVerdict(passed, broken), 'regressed');
  assert.equal(pair.pairVerdict(broken, passed), 'fixed');
  const whole = {
    ...{ schema: 2 as const, run: 'r', startedAt: '', matrix: 'm', interrupted: false },
    jobs: [passed, broken],
    verdicts: [pair.judgePair({ base: passed, patched: broken })],
    overall: 'regressed' as const,
  };
  const report = markdown.renderMarkdown(whole);
  assert.match(report, /regressed: new does not count on d: counts; old counts on d/);
  assert.match(report, /\| counted to \| why \|/);
  assert.doesNotMatch(report, /quota|limit/);
});

test('a key of one program means nothing for a test of another', () => {
  assert.throws(
    () => matrixOf('{ name: counting, toy: 3, quota-us: 5000 }'),
    /"quota-us" means nothing for a test of toy/,
  );
});
