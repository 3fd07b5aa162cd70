// SPDX-License-Identifier: MIT
// `npm run soak:right -- [--devices A,B] [--kernels patched,NAME] [--tests full,smp,basic] [--seeds 1,2,3] [--pads 0,64,4160]
// [--jobs N]`: kernels that are right on every device, once for each of QEMU's random seeds and paddings of the payload.
// NAME is a right kernel of test/mutants/mutants.yaml. Counts statuses; a FAIL or an ERROR makes it fail. 500 jobs:
// docs/reliability.md.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { appendFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { emulatedNames } from '../dist/src/devices/registry.js';
import { fix } from '../dist/test/integration/matrix.js';
import { joinMutants } from '../dist/test/mutants/build.js';
import { readMutants } from '../dist/test/mutants/mutants.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const mutants = await readMutants();
const reachable = [...mutants.reach.hv, 'qemu-pseries-pr-p8', 'qemu-pseries-pr-p9'];
const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: mutants.reach.hv.join(',') },
    kernels: { type: 'string', default: 'patched' },
    tests: { type: 'string', default: 'full' },
    seeds: { type: 'string', default: '1,2,3' },
    pads: { type: 'string', default: '0,64,4160' },
    jobs: { type: 'string', default: '2' },
  },
});
const list = (name) => values[name].split(',');
const unknown = list('devices').filter(
  (name) => !emulatedNames.includes(name) || !reachable.includes(name),
);
if (unknown.length > 0) throw new Error(`no such device: ${unknown.join(', ')}`);
const dir = mkdtempSync(join(tmpdir(), 'busyguest-right-'));

/** A copy of this project whose QEMU gets another seed and whose payload has `pad` bytes more. */
function variant(seed, pad) {
  const copy = join(dir, `seed${seed}-pad${pad}`);
  mkdirSync(copy);
  for (const name of ['bin', 'dist', 'guest-images', 'jobs', 'scripts', 'src', 'package.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const argv = join(copy, 'dist/src/devices/qemu/argv.js');
  const text = readFileSync(argv, 'utf8');
  if (!text.includes("['-seed', '1']")) throw new Error(`${argv}: no seed`);
  writeFileSync(argv, text.replace("['-seed', '1']", `['-seed', '${seed}']`));
  const padding = `\n\t.section .text.unlikely, "ax", @progbits\n\t.space ${pad}\n`;
  if (pad !== '0')
    appendFileSync(join(copy, 'guest-images/busy-guest/arch/powerpc/spin.S'), padding);
  return copy;
}

// The names of all, so that the joined kernel is the one of npm run test:mutants.
const names = [...mutants.wrong, ...mutants.right].map(({ name }) => name);
const source = 'debian:linux-source';
const built = list('kernels').every((name) => name === 'patched')
  ? new Map()
  : await joinMutants(source, fix.add, names, dir, AbortSignal.timeout(600_000));
const tests = {
  full: { name: 'full', 'quota-us': 30000, tags: ['full'] },
  smp: { name: 'smp', 'quota-us': 30000, cpus: 2, tags: ['smp'] },
  basic: { name: 'basic', 'quota-us': 30000 },
};
const matrix = join(dir, 'right.yaml');
writeFileSync(
  matrix,
  JSON.stringify({
    name: 'right',
    fix,
    kernels: list('kernels').map((name) => ({
      ...{ name, source, fix: 'present', expect: 'PASS' },
      ...built.get(name),
    })),
    devices: list('devices'),
    tests: list('tests').map((name) => tests[name]),
  }),
);

const rows = new Map();
const bad = [];
for (const seed of list('seeds'))
  for (const pad of list('pads')) {
    const copy = variant(seed, pad);
    const results = join(copy, 'results');
    const args = ['run', matrix, '--results', results, '--quiet', '--jobs', values.jobs];
    spawnSync(process.execPath, [join(copy, 'bin/busyguest.mjs'), ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const told = JSON.parse(readFileSync(join(results, 'latest', 'results.json'), 'utf8'));
    for (const { device, kernel, test, status, reason } of told.jobs) {
      const row = rows.get(device) ?? {};
      rows.set(device, row);
      row[status] = (row[status] ?? 0) + 1;
      if (status !== 'PASS' && status !== 'SKIP')
        bad.push(`${device} ${kernel} ${test} seed ${seed} pad ${pad}: ${status}: ${reason}`);
    }
    process.stderr.write(
      `seed ${seed} pad ${pad}: ${told.jobs.length} jobs, ${bad.length} wrong so far\n`,
    );
    rmSync(join(copy, 'dist'), { recursive: true });
  }

for (const [device, row] of rows) if (!row.PASS) bad.push(`${device}: no job ran to a PASS`);
const statuses = [...new Set([...rows.values()].flatMap(Object.keys))].sort();
const line = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
line(['device', ...statuses]);
line(['device', ...statuses].map(() => '---'));
for (const [device, row] of rows) line([device, ...statuses.map((one) => row[one] ?? 0)]);
for (const one of bad) process.stdout.write(`${one}\n`);
process.stdout.write(
  bad.length === 0 ? 'no wrong FAIL or ERROR\n' : `${bad.length} wrong, kept: ${dir}\n`,
);
if (bad.length === 0) rmSync(dir, { recursive: true });
process.exitCode = bad.length === 0 && rows.size > 0 ? 0 : 1;
