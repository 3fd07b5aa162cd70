// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import type { RunResult } from '../../src/model/result.js';
import { busyguest, folder, latest, project, type Outcome } from './cli.js';

const patches = join(project, 'jobs', 'patches');

/** The fix that a clone brings, as a job matrix names it. */
export const fix = {
  add: join(patches, 'kvm-hv-xfer-to-guest'),
  remove: [join(patches, 'remove-kvm-hv-xfer-to-guest')],
};

/** Debian's newest kernel source with the bug, and without. */
export const bothKernels = [
  { name: 'unpatched', source: 'debian:linux-source', fix: 'absent', expect: 'FAIL' },
  {
    name: 'patched',
    source: 'debian:linux-source',
    fix: 'present',
    base: 'unpatched',
    expect: 'PASS',
  },
];

/** The limit of the bug report. */
export const limit = { 'quota-us': 30_000, 'period-us': 100_000 };

/** Runs a matrix in a folder that goes away with the test; `more` are options of `busyguest run`. */
export async function runMatrix(
  context: TestContext,
  matrix: object,
  ...more: string[]
): Promise<{ dir: string; outcome: Outcome; run: RunResult }> {
  const dir = await folder(context);
  const file = join(dir, 'matrix.yaml');
  // JSON is YAML.
  await writeFile(file, JSON.stringify(matrix));
  const outcome = await busyguest('run', file, '--results', dir, '--quiet', ...more);
  return { dir, outcome, run: await latest(dir) };
}

/** A kernel without the bug on one device, in a run of its folder's name; `kernel` and `rest` are more lines of the matrix. */
export async function oneJob(
  dir: string,
  kernel = '',
  device = 'qemu-pseries-p9',
  rest = '',
): Promise<string> {
  await mkdir(dir, { recursive: true });
  // QEMU arguments are taken from a program only.
  const isOwn = device.startsWith('{');
  const file = join(dir, isOwn ? 'one.job.ts' : 'one.yaml');
  const text = `name: ${basename(dir)}
fix: ${JSON.stringify(fix)}
kernels:
  - name: patched
    source: debian:linux-source
    fix: present
    expect: PASS
${kernel}
devices: [${device}]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 3}]
${rest}`;
  const job = `export default () => (${JSON.stringify(parse(text))});\n`;
  await writeFile(file, isOwn ? job : text);
  return file;
}

/** A machine whose CPU is never started. */
export const hungDevice =
  '{name: hung, machine: "pseries,cap-nested-hv=on,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off", cpu: POWER9, memory-mb: 1024, smp: 1, accel: tcg, console: hvc0, extra-args: ["-S"]}';
