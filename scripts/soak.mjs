// SPDX-License-Identifier: MIT
// `npm run soak -- RUNS KILLS`: the smoke matrix RUNS times under full CPU load, then KILLS times with a SIGKILL at
// a random moment and --resume. Says whether any status changed, and whether anything was left behind.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [runs, kills] = [Number(process.argv[2] ?? 50), Number(process.argv[3] ?? 30)];
const results = mkdtempSync(join(tmpdir(), 'busyguest-soak-'));
const program = join(root, 'bin', 'busyguest.mjs');
const smoke = ['run', 'jobs/smoke.yaml', '--results', results, '--quiet', '--fresh'];

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

/** QEMUs whose command line holds our cache: none may be left. */
const cache = process.env.BUSYGUEST_CACHE ?? 'busyguest/images';
const left = () =>
  readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return line.includes('qemu-system') && line.includes(cache);
    } catch {
      return false;
    }
  }).length;

if (busyguest(...smoke).status !== 0)
  throw new Error('the smoke matrix is not as expected to begin with');
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

let different = 0;
let orphans = 0;
for (let i = 0; i < kills; i++) {
  const child = spawn(process.execPath, [program, ...smoke], { cwd: root, stdio: 'ignore' });
  await sleep(200 + Math.random() * 4500);
  child.kill('SIGKILL');
  await sleep(300);
  orphans += left();
  const newest = readdirSync(results)
    .filter((name) => name !== 'latest')
    .sort()
    .at(-1);
  const { status } = busyguest('run', '--resume', join(results, newest), '--quiet', '--fresh');
  if (status !== 0 || told() !== expected) different++;
}
process.stdout.write(
  `${kills} times SIGKILL and --resume: ${different} different, ${orphans} QEMU left\n`,
);
rmSync(results, { recursive: true });
process.exitCode = changed + different + orphans === 0 ? 0 : 1;
