// SPDX-License-Identifier: MIT
// `npm run soak:real-time -- JOBS WORKERS [DEVICE]`: half of JOBS with the unpatched kernel, half with the patched one,
// on a device whose time is real (default qemu-pseries-p9-rt), beside `stress-ng --cpu 4`. Counts the statuses; a wrong
// PASS or FAIL makes it fail, an ERROR does not.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bothKernels, fix, limit } from '../dist/test/integration/matrix.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [jobs = '100', workers = '4', device = 'qemu-pseries-p9-rt'] = process.argv.slice(2);
const rounds = Math.ceil(Number(jobs) / 2);

const stressor = spawnSync('stress-ng', ['--version'], { stdio: 'ignore' });
if (stressor.status !== 0) {
  process.stderr.write(
    'soak:real-time needs stress-ng (apt install stress-ng): without load it shows nothing\n',
  );
  process.exit(69);
}

const dir = mkdtempSync(join(tmpdir(), 'busyguest-real-time-'));
const matrix = {
  name: 'real-time',
  fix,
  kernels: bothKernels,
  devices: [device],
  tests: Array.from({ length: rounds }, (_, i) => ({
    name: `round-${i + 1}`,
    ...limit,
    seconds: 3,
  })),
  timeouts: { 'boot-s': 300, 'test-s': 600 },
};
// JSON is YAML.
writeFileSync(join(dir, 'matrix.yaml'), JSON.stringify(matrix));

const run = (...args) =>
  new Promise((resolve) => {
    const all = [join(root, 'bin', 'busyguest.mjs'), 'run', join(dir, 'matrix.yaml')];
    const child = spawn(
      process.execPath,
      [...all, '--results', join(dir, 'results'), '--quiet', ...args],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
    child.on('close', resolve);
  });

/** `--cpu 4` is the load of the trial, whatever the machine has. */
const load = spawn('stress-ng', ['--cpu', '4', '--quiet'], { stdio: 'ignore' });
const start = Date.now();
try {
  await run('--fresh', '--jobs', workers);
} finally {
  load.kill('SIGTERM');
}

const results = JSON.parse(readFileSync(join(dir, 'results', 'latest', 'results.json'), 'utf8'));
const counts = {};
let wrong = 0;
const windows = [];
for (const { name, kernel, status, expect, reason, cases } of results.jobs) {
  const key = `${kernel} ${status}`;
  counts[key] = (counts[key] ?? 0) + 1;
  const isWrong = (status === 'PASS' || status === 'FAIL') && status !== expect;
  wrong += isWrong ? 1 : 0;
  if (isWrong || status !== expect) process.stdout.write(`${name}: ${status}: ${reason}\n`);
  const metrics = cases.find((one) => one.name === 'busy_guest_obeys_quota')?.metrics ?? [];
  windows.push(metrics.find((one) => one.name === 'windows')?.value ?? 0);
}
windows.sort((a, b) => a - b);
const minutes = ((Date.now() - start) / 60000).toFixed(1);
process.stdout.write(
  `${results.jobs.length} jobs on ${device}, ${workers} at a time, beside stress-ng --cpu 4 (load ${loadavg()[0].toFixed(1)}), ${minutes} min\n`,
);
for (const [key, count] of Object.entries(counts).sort())
  process.stdout.write(`  ${key}: ${count}\n`);
process.stdout.write(
  `  blocks of windows: median ${windows[windows.length >> 1]}, most ${windows.at(-1)}\n` +
    `  wrong PASS or FAIL: ${wrong}\n`,
);
if (wrong === 0) rmSync(dir, { recursive: true });
else process.stdout.write(`kept: ${dir}\n`);
process.exitCode = wrong === 0 ? 0 : 1;
