// SPDX-License-Identifier: MIT
// `npm run soak -- RUNS SIGNALS [SEED]`: the smoke matrix RUNS times under full CPU load, then SIGNALS times with a
// signal at a random moment (SIGINT, SIGTERM, SIGHUP, SIGKILL in turn) and --resume. Says whether any status changed,
// and whether anything was left behind. The moments are the same for a seed, which is printed.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { interrupt, randomNumbers, undisturbed } from '../dist/test/reliability/random-signal.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [runs, signals] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 30)];
const seed = Number(process.argv[4] ?? Date.now() % 2 ** 30);
const results = mkdtempSync(join(tmpdir(), 'busyguest-soak-'));
const program = join(root, 'bin', 'busyguest.mjs');
const matrix = ['run', 'jobs/smoke.yaml'];
const smoke = [...matrix, '--results', results, '--quiet', '--fresh'];

const busyguest = (...args) => spawnSync(process.execPath, [program, ...args], { cwd: root });
const jobs = () => JSON.parse(readFileSync(join(results, 'latest', 'results.json'), 'utf8')).jobs;
/** The statuses of jobs and cases, and the faults. */
const told = () =>
  JSON.stringify(
    jobs().map(({ name, status, cases, faults }) => [
      name,
      status,
      faults,
      cases.map((one) => one.status),
    ]),
  );
/** Every number that was measured. */
const measured = () => JSON.stringify(jobs().map(({ name, cases }) => [name, cases]));

const quiet = await undisturbed([...matrix, '--fresh'], results);
const expected = told();
const numbers = measured();

const load = Array.from({ length: availableParallelism() }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
);
let changed = 0;
let otherNumbers = 0;
try {
  for (let i = 0; i < runs; i++) {
    const { status } = busyguest(...smoke);
    if (status !== 0 || told() !== expected) changed++;
    else if (measured() !== numbers) otherNumbers++;
    rmSync(join(results, 'latest'), { force: true });
  }
} finally {
  for (const one of load) one.kill('SIGKILL');
}
process.stdout.write(
  `${runs} runs under full load: ${changed} with another status, ${otherNumbers} with other numbers\n`,
);

const random = randomNumbers(seed);
const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'];
let wrong = 0;
let late = 0;
for (let i = 0; i < signals; i++) {
  const signal = names[i % names.length];
  const moment = { signal, lines: 1 + random() * quiet.lines, delayMs: random() * 300 };
  try {
    if (!(await interrupt(matrix, results, quiet.expected, moment))) late++;
  } catch (error) {
    wrong++;
    process.stdout.write(`${signal} after ${Math.floor(moment.lines)} lines: ${error.message}\n`);
  }
}
process.stdout.write(
  `${signals} signals and --resume (seed ${seed}): ${wrong} wrong, ${late} came after the end\n`,
);
rmSync(results, { recursive: true });
process.exitCode = changed + wrong === 0 ? 0 : 1;
