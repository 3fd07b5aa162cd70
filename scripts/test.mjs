// SPDX-License-Identifier: MIT
// `npm test` and `npm run test:unit` etc.: runs the compiled tests and counts them on one plain line.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kinds = ['unit', 'integration', 'e2e', 'lava'];
/** Not in `npm test`: folder, and what takes so long. */
const long = {
  long: 'builds four more kernels',
  mutants: 'builds eight wrong kernels',
  'bare-metal': 'boots firmware for minutes',
};
const goal = process.argv[2] ?? 'all';
const goals = ['all', ...kinds, ...Object.keys(long)];
if (!goals.includes(goal)) {
  process.stderr.write(`usage: node scripts/test.mjs [${goals.join('|')}]\n`);
  process.exit(64);
}

function testFiles(kind) {
  const dir = join(root, 'dist', 'test', kind);
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .map((name) => join(dir, name));
}

const count = { passed: 0, failed: 0, skipped: 0 };
const skips = [];

function note(data) {
  const isSuite = data.details?.type === 'suite';
  if (isSuite) return;
  if (data.skip !== undefined) {
    count.skipped++;
    skips.push(`${data.name}: ${typeof data.skip === 'string' ? data.skip : 'no reason given'}`);
  } else if (data.todo === undefined) {
    count.passed++;
  }
}

/** One kind of tests. Unit files run side by side; the others boot machines, which use all CPUs themselves. */
function runKind(kind) {
  const files = testFiles(kind);
  if (files.length === 0) return Promise.resolve();
  process.stdout.write(`\n${kind} tests: ${files.length} files\n`);
  return new Promise((resolve) => {
    // `true` leaves one CPU free, which of two is half.
    const stream = run({ files, concurrency: kind === 'unit' ? availableParallelism() : 1 });
    stream.on('test:pass', note);
    stream.on('test:fail', (data) => {
      // A file or suite fails because of what is in it, and that is counted.
      const cause = data.details?.error?.failureType;
      if (cause === 'subtestsFailed') return;
      count.failed++;
    });
    const report = stream.compose(new spec());
    report.pipe(process.stdout, { end: false });
    // Not before the report has said everything: the count is to be the last line.
    report.on('end', resolve);
  });
}

if (goal === 'all') {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'check.mjs')], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status === 0) count.passed++;
  else count.failed++;
}
for (const kind of goal === 'all' ? kinds : [goal]) await runKind(kind);

if (goal === 'all') {
  for (const [kind, why] of Object.entries(long)) {
    for (const file of testFiles(kind)) {
      count.skipped++;
      skips.push(`${basename(file)}: ${why}; run it by "npm run test:${kind}"`);
    }
  }
}
if (skips.length > 0)
  process.stdout.write(`\nSkipped:\n${skips.map((line) => `  ${line}\n`).join('')}`);
process.stdout.write(
  `\n${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped\n`,
);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
