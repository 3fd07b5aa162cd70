// SPDX-License-Identifier: MIT
// Runs compiled tests and counts them on one plain line. See `usage` below.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * The folders of test/ in the order in which they run. `goal`: quick is `npm test` and .ci/run, more is what
 * another half hour tests, long is left to whoever asks for it. `why`: what takes time there. `apart`: its files run
 * side by side; those of the others boot machines, which use all CPUs themselves, or share what must not be disturbed.
 * `folder`: where they are, if not in one of the kind's name. `env`: what they are told.
 */
const kinds = {
  check: { goal: 'quick', why: 'types, lint and format; the next kind runs beside it' },
  unit: { goal: 'quick', why: 'boots nothing', apart: true },
  payload: {
    goal: 'quick',
    why: "compiles the payload's C, and runs it on this machine",
    apart: true,
  },
  integration: { goal: 'quick', why: 'boots the two kernels of jobs/pre-pull.yaml' },
  e2e: { goal: 'quick', why: 'the command line and the pages in a browser', apart: true },
  install: { goal: 'quick', why: 'packs the npm package, installs it and runs it from elsewhere' },
  reliability: { goal: 'more', why: 'full disks, real time, signals at random moments' },
  'red-team': { goal: 'more', why: 'builds tiny trees, and looks for secrets' },
  packages: { goal: 'more', why: "fetches a distribution's kernels, and a QEMU for the guest" },
  systems: {
    goal: 'more',
    why: 'installs the packages in clean Debian systems, and runs them on other Node.js versions',
  },
  builds: { goal: 'more', why: 'builds other kernels' },
  lava: { goal: 'more', why: 'sets up a LAVA server, 2023.01' },
  peers: {
    goal: 'more',
    why: 'runs the code of projects that read our files, where it is at hand',
  },
  long: { goal: 'long', why: 'builds eight more kernels' },
  mutants: { goal: 'long', why: 'boots wrong kernels, hundreds of times' },
  'bare-metal': { goal: 'long', why: 'boots firmware for minutes' },
  'power-host': { goal: 'long', why: 'boots POWER hosts with busyguest in them' },
  'lava-sid': {
    goal: 'long',
    why: "lava's tests with the newest LAVA that Debian has",
    folder: 'lava',
    env: { BUSYGUEST_LAVA_SUITE: 'sid' },
  },
};
const goals = {
  quick: ['quick'],
  more: ['more'],
  all: ['quick', 'more', 'long'],
};
const usage = `usage: node scripts/test.mjs GOAL [NAME...] [--minutes N] [--counts FILE]

GOAL is quick, more, all, or some of these with commas between them:
${Object.entries(kinds)
  .map(([name, { goal, why }]) => `  ${name.padEnd(12)} ${goal.padEnd(6)} ${why}`)
  .join('\n')}

NAME       only test files with this in their name: test.mjs unit verdict
--minutes  what has not begun after so many minutes is skipped, by name
--counts   the last line is the sum with those of the calls before that named this file
`;

function take(argv, option) {
  const at = argv.indexOf(option);
  return at < 0 ? undefined : argv.splice(at, 2)[1];
}

function parse(argv) {
  const minutes = Number(take(argv, '--minutes') ?? Infinity);
  const counts = take(argv, '--counts');
  const [goal = '', ...names] = argv;
  const asked = goal.split(',');
  const chosen = Object.keys(kinds).filter(
    (kind) => asked.includes(kind) || goals[goal]?.includes(kinds[kind].goal),
  );
  const known = goals[goal] !== undefined || asked.every((kind) => kinds[kind] !== undefined);
  if (known && !Number.isNaN(minutes)) return { goal, chosen, names, minutes, counts };
  process.stderr.write(usage);
  process.exit(64);
}

function testFiles(kind, names) {
  const dir = join(root, 'dist', 'test', kinds[kind].folder ?? kind);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.test.js'))
    .filter((name) => names.length === 0 || names.some((part) => name.includes(part)))
    .sort()
    .map((name) => join(dir, name));
}

const secondsSince = (begun) => (performance.now() - begun) / 1000;
const noCount = () => ({ passed: 0, failed: 0, skipped: 0 });
const skips = [];

function notePass(count, data) {
  if (data.details?.type === 'suite') return;
  if (data.skip !== undefined) {
    count.skipped++;
    skips.push(`${data.name}: ${typeof data.skip === 'string' ? data.skip : 'no reason given'}`);
  } else if (data.todo === undefined) {
    count.passed++;
  }
}

/** Takes one CPU most of the time, so the next kind runs beside it. What it has to say comes when that has ended. */
async function runCheck(row, begun) {
  const script = join(root, 'scripts', 'check.mjs');
  const child = spawn(process.execPath, [script], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = [];
  child.stdout.on('data', (data) => said.push(data));
  const [status] = await once(child, 'close');
  if (status === 0) row.count.passed++;
  else row.count.failed++;
  row.seconds = secondsSince(begun);
  return Buffer.concat(said);
}

/** The files of one kind. */
function runFiles(kind, files, count) {
  process.stdout.write(`\n${kind} tests: ${files.length} files\n`);
  return new Promise((resolve) => {
    const told = Object.keys(kinds[kind].env ?? {});
    Object.assign(process.env, kinds[kind].env);
    // `true` leaves one CPU free, which of two is half.
    const stream = run({ files, concurrency: kinds[kind].apart ? availableParallelism() : 1 });
    stream.on('test:pass', (data) => notePass(count, data));
    stream.on('test:fail', (data) => {
      // A file or suite fails because of what is in it, and that is counted.
      const cause = data.details?.error?.failureType;
      if (cause === 'subtestsFailed') return;
      count.failed++;
    });
    const report = stream.compose(new spec());
    report.pipe(process.stdout, { end: false });
    // Not before the report has said everything: the count is to be the last line.
    report.on('end', () => {
      for (const name of told) delete process.env[name];
      resolve();
    });
  });
}

/** Where no sandbox can be made, the tests' own trees and series are built all the same: that they attack nothing is known. */
async function allowNoSandbox() {
  const file = join(root, 'dist', 'src', 'system', 'sandbox.js');
  if (!existsSync(file)) return;
  const { findSandbox } = await import(file);
  const { why, wanted } = await findSandbox();
  if (why === undefined || wanted) return;
  process.env.BUSYGUEST_SANDBOX = 'off';
  process.stdout.write(`BUSYGUEST_SANDBOX=off for the tests: ${why}\n`);
}

const { goal, chosen, names, minutes, counts } = parse(process.argv.slice(2));
await allowNoSandbox();
const started = performance.now();
const rows = [];
let check;
for (const kind of chosen) {
  const begun = performance.now();
  const row = { kind, count: noCount(), seconds: 0 };
  rows.push(row);
  const files = testFiles(kind, names);
  if ((begun - started) / 60_000 >= minutes) {
    row.count.skipped += files.length;
    for (const file of files) skips.push(`${basename(file)}: ${minutes} minutes are over`);
  } else if (kind === 'check') {
    if (names.length === 0) check = runCheck(row, begun);
    continue;
  } else if (files.length > 0) {
    await runFiles(kind, files, row.count);
  }
  row.seconds = secondsSince(begun);
  process.stdout.write((await check) ?? '');
  check = undefined;
}
process.stdout.write((await check) ?? '');

const total = noCount();
for (const { count } of rows) for (const key of Object.keys(total)) total[key] += count[key];
if (skips.length > 0)
  process.stdout.write(`\nSkipped:\n${skips.map((line) => `  ${line}\n`).join('')}`);
process.stdout.write('\n');
for (const { kind, count, seconds } of rows) {
  const time = `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2)} s`;
  const { passed, failed, skipped } = count;
  // Not the form of the last line: that one is the sum.
  process.stdout.write(
    `  ${kind.padEnd(12)} ${time.padStart(11)}   ${passed} ok, ${failed} not ok, ${skipped} skip\n`,
  );
}
const left = Object.keys(kinds).filter((kind) => !chosen.includes(kind));
if (goal === 'quick' || goal === 'more')
  process.stdout.write(`Not run here: ${left.map((kind) => `npm run test:${kind}`).join(', ')}\n`);
const sum = { ...total };
if (counts !== undefined) {
  const before = existsSync(counts) ? readFileSync(counts, 'utf8').trim() : '';
  for (const [key, value] of Object.entries(before === '' ? {} : JSON.parse(before)))
    sum[key] += value;
  writeFileSync(counts, JSON.stringify(sum));
}
process.stdout.write(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped\n`);
process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
