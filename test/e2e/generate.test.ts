// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { digestFile } from '../../src/system/files.js';
import { busyguest, folder } from '../integration/cli.js';

interface Manifest {
  readonly artefacts: readonly { name: string; url: string; sha256: string; kind: string }[];
  readonly jobs: readonly { file: string; job: string; artefacts: readonly string[] }[];
}

const manifestOf = async (dir: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as Manifest;

test('generate --for lava: a file a job, and what they fetch', async (context) => {
  const dir = await folder(context);
  const args = ['generate', 'jobs/smoke.yaml', '--for', 'lava', '--out', dir, '--quiet'];
  const made = await busyguest(...args);
  assert.equal(made.code, 0, made.stderr);
  const { artefacts, jobs } = await manifestOf(dir);
  assert.deepEqual(artefacts.map(({ kind }) => kind).sort(), [
    'initramfs.cpio',
    'vmlinux',
    'vmlinux',
  ]);
  for (const { url, sha256 } of artefacts) {
    assert.equal(await digestFile(fileURLToPath(url)), sha256);
  }
  for (const { file, job, artefacts: own } of jobs) {
    const text = await readFile(join(dir, file), 'utf8');
    assert.equal((parse(text) as { job_name: string }).job_name, job);
    for (const name of own) assert.ok(text.includes(name), name);
  }
  assert.match((await busyguest(...args)).stdout, /3 artefacts, 0 of them new/);
});

test('generate for machines that are real: petitboot with its device type, ssh without a kernel', async (context) => {
  const dir = await folder(context);
  const common = ['generate', 'jobs/smoke.yaml', '--for', 'lava', '--quiet'];
  const petitboot = join(dir, 'petitboot');
  assert.equal((await busyguest(...common, '--out', petitboot, '--boot', 'petitboot')).code, 0);
  const names = await readdir(petitboot);
  assert.ok(names.includes('petitboot.jinja2') && names.includes('petitboot-01.jinja2'));
  const ssh = join(dir, 'ssh');
  assert.equal((await busyguest(...common, '--out', ssh, '--boot', 'ssh')).code, 0);
  const { artefacts, jobs } = await manifestOf(ssh);
  assert.deepEqual(
    artefacts.map(({ kind }) => kind),
    ['busy-guest'],
  );
  assert.equal(jobs.length, 1);
});

test('generate: what cannot be meant is refused before anything is built', async (context) => {
  const dir = await folder(context);
  const common = ['generate', 'jobs/smoke.yaml', '--out', dir, '--quiet'];
  for (const [args, said] of [
    [['--for', 'jenkins'], /jenkins/],
    [['--for', 'lava', '--boot', 'kexec'], /--device-type is needed/],
    [['--for', 'lava', '--publish', 'files.lab:/srv'], /--url is needed/],
    [['--for', 'lava', '--priority', '101'], /0 to 100/],
  ] as const) {
    const { code, stderr } = await busyguest(...common, ...args);
    assert.equal(code, 64, stderr);
    assert.match(stderr, said);
  }
});
