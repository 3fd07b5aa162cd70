// SPDX-License-Identifier: MIT
// `npm run bench`: wall times side by side, medians of several. Figures as ratios; no test depends on them.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const times = Number(process.argv[2] ?? 5);
const results = mkdtempSync(join(tmpdir(), 'busyguest-bench-'));

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const seconds = (ms) => `${(ms / 1000).toFixed(2)} s`;

function busyguest(...args) {
  const start = performance.now();
  const done = spawnSync(process.execPath, [join(root, 'bin', 'busyguest.mjs'), ...args], {
    cwd: root,
  });
  if (done.status !== 0)
    throw new Error(`busyguest ${args.join(' ')}: ${done.stderr}${done.stdout}`);
  return performance.now() - start;
}

const run = (matrix, ...more) => busyguest('run', matrix, '--results', results, '--quiet', ...more);
const job = (name) =>
  JSON.parse(readFileSync(join(results, 'latest', name, 'status.json'), 'utf8'));

/** The same QEMU with the same arguments, until the payload's last line. */
function bare(argv) {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const qemu = spawn('bash', ['-c', `exec ${argv}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    qemu.stdout.on('data', (chunk) => {
      text += chunk;
      if (/BUSYGUEST-END \d+\r?\n/.test(text)) qemu.kill('SIGKILL');
    });
    qemu.on('close', () =>
      text.includes('BUSYGUEST-END') ? resolve(performance.now() - start) : reject(new Error(text)),
    );
  });
}

function repeat(work) {
  return Array.from({ length: times }, work);
}

process.stdout.write(
  `${cpus().length} x ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.version}\n`,
);
process.stdout.write(`medians of ${times}; kernels are built first if need be\n`);
run('jobs/pre-pull.yaml');
for (const kernel of ['unpatched', 'patched']) {
  const filter = ['--filter', `device=qemu-pseries-p9,kernel=${kernel}`, '--fresh'];
  const whole = [];
  const inside = [];
  const alone = [];
  for (let i = 0; i < times; i++) {
    whole.push(run('jobs/pre-pull.yaml', ...filter));
    const { timesMs, facts } = job(`${kernel}-qemu-pseries-p9-busy-guest`);
    inside.push(timesMs.boot + timesMs.test);
    alone.push(await bare(facts.qemu_argv));
  }
  const limit = median(alone);
  process.stdout.write(
    `${kernel} on qemu-pseries-p9: bare QEMU ${seconds(limit)}; the job ${seconds(median(inside))} ` +
      `(${(median(inside) / limit).toFixed(2)} x); the whole command ${seconds(median(whole))} (${(median(whole) / limit).toFixed(2)} x)\n`,
  );
}
const one = median(repeat(() => run('jobs/pre-pull.yaml', '--fresh', '--jobs', '1')));
const two = median(repeat(() => run('jobs/pre-pull.yaml', '--fresh', '--jobs', '2')));
process.stdout.write(
  `pre-pull matrix: 1 worker ${seconds(one)}, 2 workers ${seconds(two)} (${(one / two).toFixed(2)} x as fast)\n`,
);
process.stdout.write(
  `pre-pull matrix, nothing changed: ${seconds(median(repeat(() => run('jobs/pre-pull.yaml'))))}\n`,
);
process.stdout.write(`busyguest --help: ${seconds(median(repeat(() => busyguest('--help'))))}\n`);
rmSync(results, { recursive: true });
