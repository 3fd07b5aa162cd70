// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { qemuPath } from './qemu-path.js';
import { busyguest, folder } from './cli.js';

const jobName = 'patched-qemu-pseries-p9-busy-guest';

/** A job of a new run, as a bundle. */
async function bundled(dir: string): Promise<string> {
  const filter = ['--filter', 'kernel=patched,device=qemu-pseries-p9'];
  const run = await busyguest(
    ...['run', 'jobs/smoke.yaml', '--results', dir, '--quiet', '--fresh', ...filter],
  );
  assert.equal(run.code, 0, run.stderr);
  const file = join(dir, 'job.tar.zst');
  const made = await busyguest('bundle', join(dir, 'latest', jobName), '-o', file);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^bundle: .*job\.tar\.zst \(\d+\.\d MB\)/);
  return file;
}

test('a bundle boots again: verify and reproduce.sh give the same console to the byte', async (context) => {
  const dir = await folder(context);
  const file = await bundled(dir);
  assert.deepEqual(
    (await readdir(dir)).filter((name) => name.includes('.tmp')),
    [],
  );
  const { code, stdout, stderr } = await busyguest('verify', file, '--quiet');
  assert.equal(code, 0, stdout + stderr);
  assert.match(stdout, /console: the same to the byte\nverified: the same result/);

  const place = await folder(context);
  execFileSync('tar', ['--zstd', '-xf', file, '-C', place]);
  const again = spawnSync('sh', [join(place, jobName, 'reproduce.sh')], {
    env: { PATH: process.env['PATH'], QEMU: await qemuPath() },
    encoding: 'utf8',
  });
  assert.match(again.stderr, /the console is the same to the byte/);
  assert.equal(again.status, 0);
  assert.match(again.stdout, /BUSYGUEST-END 0/);
});

test('verify tells a bundle that claims another result: exit 1', async (context) => {
  const dir = await folder(context);
  execFileSync('tar', ['--zstd', '-xf', await bundled(dir), '-C', dir]);
  const own = join(dir, jobName);
  const claimed = (await readFile(join(own, 'status.json'), 'utf8'))
    .replace('"status": "PASS"', '"status": "FAIL"')
    .replace(/("name": "overrun_ratio",\s+"value": )[\d.]+/, '$13.33');
  await writeFile(join(own, 'status.json'), claimed);
  const manifest = await readFile(join(own, 'bundle.json'), 'utf8');
  const { files } = JSON.parse(manifest) as { files: { 'status.json': { sha256: string } } };
  const sha256 = createHash('sha256').update(claimed).digest('hex');
  const forged = manifest.replace(files['status.json'].sha256, sha256);
  await writeFile(join(own, 'bundle.json'), forged);
  const file = join(dir, 'forged.tar.zst');
  execFileSync('tar', ['--zstd', '-cf', file, '-C', dir, jobName]);
  const { code, stdout } = await busyguest('verify', file, '--quiet');
  assert.equal(code, 1, stdout);
  assert.match(stdout, /status DIFFERS: FAIL, now PASS/);
  assert.match(stdout, /metrics DIFFERS: control_host_loop_obeys_quota.overrun_ratio: 3.33 ratio/);
  assert.match(stdout, /NOT verified/);
});

test('bundle and verify say what is wrong with what they get', async (context) => {
  const dir = await folder(context);
  const none = await busyguest('bundle', dir);
  assert.equal(none.code, 64);
  assert.match(none.stderr, /no job of a run; results\/<run>\/<job> is needed/);
  assert.equal((await busyguest('verify', join(dir, 'none.tar.zst'))).code, 64);
  await writeFile(join(dir, 'x.tar.zst'), 'no archive at all');
  const bad = await busyguest('verify', join(dir, 'x.tar.zst'));
  assert.equal(bad.code, 65);
  assert.match(bad.stderr, /x\.tar\.zst: refused/);
});
