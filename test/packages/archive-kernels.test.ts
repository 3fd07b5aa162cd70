// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import type { JobResult } from '../../src/model/result.js';
import { debianPackages } from '../../src/kernels/packages/debian-package.js';
import { expandPackageName } from '../../src/kernels/packages/package-names.js';
import { AptSuite, NotInArchiveError } from '../../src/system/apt.js';
import { busyguest, folder, latest, metric } from '../integration/cli.js';

// Debian's own kernels, whatever versions its archive holds today: 6.12 is from before the limit
// was broken, 7.2 from after. The archive moves on; what it no longer has is skipped by name.
const image = 'linux-image-powerpc64le';
let old: string | undefined;
let broken: string | undefined;
let broken64k: string | undefined;

const signal = new AbortController().signal;

/** Names of the newest kernels of the suites where they are of a series, as `6.12`. */
async function newestOf(series: string, suites: readonly string[], name = image) {
  const names: string[] = [];
  for (const suite of suites) {
    const found = await new AptSuite(suite, 'ppc64el', signal).show(name);
    if (found?.version.startsWith(`${series}.`)) names.push(`debian:${name}@${suite}`);
  }
  return names;
}

/** The first of the kernels that the archive not only lists but has; it is then in the cache. */
async function firstThere(names: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    try {
      await debianPackages(name, signal, () => {});
      return name;
    } catch (error) {
      if (!(error instanceof NotInArchiveError)) throw error;
    }
  }
  return undefined;
}

before(async () => {
  const stable = ['trixie', 'stable'];
  old = await firstThere(await newestOf('6.12', stable));
  // An archive that is being updated may lack the newest, and still have the one before.
  const each = 'debian:linux-image-6.12.*-powerpc64le@trixie';
  old ??= await firstThere((await expandPackageName(each, signal).catch(() => [])).reverse());
  const newer = ['sid', 'testing'];
  broken = await firstThere(await newestOf('7.2', newer));
  broken64k = await firstThere(await newestOf('7.2', newer, `${image}-64k`));
});

/** The packages, or undefined when the test is skipped because the archive lacks one. */
function packages(context: TestContext, wanted: Readonly<Record<string, string | undefined>>) {
  const found = Object.values(wanted).flatMap((name) => name ?? []);
  const lost = Object.keys(wanted).filter((what) => wanted[what] === undefined);
  if (lost.length === 0) return found;
  context.skip(`Debian's archive has no ${lost.join(', no ')} for ppc64el`);
  return undefined;
}

// The pairs of this file answer alike on all devices, at eight times the cost.
const oneDevice = ['--device', 'qemu-pseries-p9'];

const jobOf = (jobs: readonly JobResult[], name: string): JobResult => {
  const found = jobs.find(({ kernel }) => kernel.startsWith(name));
  assert.ok(found, name);
  return found;
};

test('qualify: Debian 6.12 keeps the limit on every device that qualify asks', async (context) => {
  const names = packages(context, { 'kernel 6.12': old });
  if (!names) return;
  const dir = await folder(context);
  const { code } = await busyguest('qualify', ...names, '--results', dir, '--quiet');
  const { jobs } = await latest(dir);
  // On POWER8 this kernel needs three quotas of CPU time to take a killed guest apart.
  const wrong = jobs.filter(({ status }) => status !== 'PASS');
  assert.deepEqual(
    wrong.map(({ device, status, reason }) => [device, status, reason]),
    [],
  );
  assert.ok(jobs.some(({ device }) => device === 'qemu-powernv8'));
  assert.equal(code, 0);
});

test('qualify: Debian 6.12 keeps the limit, 7.2 does not, with pages of 4k and of 64k', async (context) => {
  const wanted = { 'kernel 6.12': old, 'kernel 7.2': broken, 'kernel 7.2 with 64k': broken64k };
  const names = packages(context, wanted);
  if (!names) return;
  const dir = await folder(context);
  const { code } = await busyguest('qualify', ...names, ...oneDevice, '--results', dir, '--quiet');
  const { jobs } = await latest(dir);
  assert.deepEqual(
    jobs.map(({ status, decidedBy }) => `${status} ${decidedBy}`),
    ['PASS cases', 'FAIL cases', 'FAIL cases'],
    jobs.map(({ reason }) => reason).join('\n'),
  );
  assert.deepEqual(
    jobs.map(({ facts }) => facts['kernel_page_size']),
    ['4k', '4k', '64k'],
  );
  assert.ok(metric(jobOf(jobs, `${image}-64k`), 'busy_guest_obeys_quota', 'overrun_ratio') > 2);
  assert.equal(code, 1);
});

test('bisect --packages: the first bad one, its version, and the proof', async (context) => {
  const names = packages(context, { 'kernel 6.12': old, 'kernel 7.2': broken });
  if (!names) return;
  const dir = await folder(context);
  const { code, stdout, stderr } = await busyguest(
    'bisect',
    '--packages',
    ...names,
    '--results',
    dir,
  );
  assert.match(stdout, new RegExp(`^first bad package: ${names[1] ?? ''}$`, 'm'));
  assert.match(stdout, /^ {4}kernel 7\.2\.\S*powerpc64le$/m);
  assert.match(stdout, /@\S+: bad: FAIL: busy_guest_obeys_quota: 3\.\d+ x the quota/);
  assert.match(stdout, /@\S+: good: PASS/);
  // Once, although each step is a run of its own.
  assert.equal(`${stdout}${stderr}`.match(/: \d\.\d+ x the quota/g)?.length, 1, stderr);
  assert.equal(code, 0);
  const [other = '', last = ''] = names;
  const wrong = await busyguest('bisect', '--packages', last, other, '--results', dir, '--quiet');
  const turned = `busyguest bisect --packages ${other} ${last} --device qemu-pseries-p9`;
  assert.match(wrong.stderr, /the row is newest first: .* is kernel 7\.2\.\S+, and .* is 6\.12\./);
  assert.ok(wrong.stderr.includes(`the other way round: ${turned}`), wrong.stderr);
  assert.equal(wrong.code, 65);
});

test('a kernel whose own threads eat the CPU: ERROR, contended; never PASS', async (context) => {
  const names = packages(context, { 'kernel 7.2': broken });
  if (!names) return;
  const dir = await folder(context);
  const file = join(dir, 'contended.yaml');
  // The crypto self-tests go on after boot: qualify turns them off, and this on again.
  await writeFile(
    file,
    `name: contended
kernels: [{name: k, package: "${names.join('')}", command-line: [cryptomgr.notests=0]}]
devices: [qemu-pseries-p9]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 3}]
`,
  );
  const { code } = await busyguest('run', file, '--results', dir, '--quiet');
  const [job] = (await latest(dir)).jobs;
  assert.ok(job);
  assert.equal(job.status, 'ERROR', job.reason);
  assert.equal(job.decidedBy, 'control');
  assert.match(
    job.reason,
    /^control_guest_unlimited: the guest got \d+ % of a CPU without a limit/,
  );
  assert.match(job.reason, /contended/);
  // What would have been believed without the controls.
  assert.ok(metric(job, 'busy_guest_obeys_quota', 'overrun_ratio') < 1);
  assert.equal(code, 69);
});
