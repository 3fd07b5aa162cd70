// SPDX-License-Identifier: MIT
// `npm run soak:jobs -- JOBS [MINUTES]`: JOBS jobs in one run on the smoke devices, again and again the same four. Says
// whether any of them ended otherwise than its like, and what files, processes and memory the run took over time.
// After MINUTES it is interrupted, and what is finished counts.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { clearInterval, clearTimeout, setInterval, setTimeout } from 'node:timers';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const jobs = Number(process.argv[2] ?? 1000);
const minutes = Number(process.argv[3] ?? 24 * 60);
const results = mkdtempSync(join(tmpdir(), 'busyguest-soak-'));

/** The smoke matrix with its test so many times. */
const smoke = parse(readFileSync(join(root, 'jobs', 'smoke.yaml'), 'utf8'));
const each = Math.ceil(jobs / (smoke.kernels.length * smoke.devices.length));
const wanted = each * smoke.kernels.length * smoke.devices.length;
const tests = Array.from({ length: each }, (_, i) => ({ ...smoke.tests[0], name: `t${i}` }));
const absolute = (path) => join(root, 'jobs', path);
const fix = { add: absolute(smoke.fix.add), remove: smoke.fix.remove.map(absolute) };
const matrix = join(results, 'soak.yaml');
writeFileSync(matrix, stringify({ ...smoke, name: 'soak', fix, tests }));

const program = join(root, 'bin', 'busyguest.mjs');
const args = ['run', matrix, '--results', results, '--quiet', '--fresh'];
const child = spawn(process.execPath, [program, ...args], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
});

/** Descendants, open files and resident megabytes of the run. */
function look() {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    const files = readdirSync(`/proc/${child.pid}/fd`).length;
    const rssMb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    const below = descendants(child.pid);
    for (const pid of below) running.add(pid);
    return { files, rssMb, processes: below.length };
  } catch {
    return undefined;
  }
}

function descendants(pid) {
  const childrenOf = new Map();
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)]);
    } catch {
      // It has ended.
    }
  }
  const all = (id) => (childrenOf.get(id) ?? []).flatMap((child) => [child, ...all(child)]);
  return all(pid);
}

const seen = [];
const running = new Set();
const timer = setInterval(() => {
  const now = look();
  if (now) seen.push(now);
}, 5000);
const stop = setTimeout(() => child.kill('SIGINT'), minutes * 60_000);
const start = Date.now();
child.on('close', (code) => {
  clearInterval(timer);
  clearTimeout(stop);
  report(code);
});

function report(code) {
  const dir = readdirSync(results).find((name) => /^\d{8}-/.test(name));
  const likes = new Map();
  let finished = 0;
  for (const name of readdirSync(join(results, dir))) {
    let status;
    try {
      status = JSON.parse(readFileSync(join(results, dir, name, 'status.json'), 'utf8'));
    } catch {
      continue;
    }
    if (status.decidedBy === 'interrupted') continue;
    finished++;
    const kind = `${status.kernel} ${status.device}`;
    const told = JSON.stringify([status.status, status.cases.map((one) => [one.name, one.status])]);
    const bytes = readFileSync(join(results, dir, name, 'console.log'));
    const like = likes.get(kind) ?? { statuses: new Map(), consoles: new Map() };
    likes.set(kind, like);
    const hash = createHash('sha256').update(bytes).digest('hex');
    like.statuses.set(told, (like.statuses.get(told) ?? 0) + 1);
    like.consoles.set(hash, (like.consoles.get(hash) ?? 0) + 1);
  }
  const counts = (map) => [...map.values()].sort((a, b) => b - a).join(' + ');
  process.stdout.write(
    `${finished} of ${wanted} jobs in ${Math.round((Date.now() - start) / 1000)} s, exit code ${code}\n`,
  );
  let flips = 0;
  for (const [kind, { statuses, consoles }] of likes) {
    flips += statuses.size - 1;
    process.stdout.write(
      `${kind}: ${counts(statuses)} the same statuses, ${counts(consoles)} the same consoles\n`,
    );
  }
  const span = (key) => {
    const values = seen.map((one) => one[key]);
    const at = (part) => Math.round(values[Math.floor((values.length - 1) * part)] ?? 0);
    return `${at(0.1)}, ${at(0.5)}, ${at(0.9)}, most ${Math.round(Math.max(0, ...values))}`;
  };
  process.stdout.write(
    `at a tenth, half and nine tenths: files open ${span('files')}; processes ${span('processes')}; MB resident ${span('rssMb')}\n`,
  );
  const left = [...running].filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('qemu-system');
    } catch {
      return false;
    }
  });
  process.stdout.write(`${flips} status flips, ${left.length} machines left\n`);
  rmSync(results, { recursive: true });
  process.exitCode = flips + left.length === 0 && finished > 0 ? 0 : 1;
}
