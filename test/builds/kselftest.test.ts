// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { programPath } from '../../src/system/program.js';
import { busyguest, folder, latest, project } from '../integration/cli.js';

const skip = (await programPath('rsync')) === undefined && 'rsync is not here';
const patch = (name: string): string => join(project, 'test/fixtures/patches', `${name}.patch`);
const source = 'source: debian:linux-source';

test(
  "a series that breaks a selftest is regressed by name beside the tree's own failures",
  { skip },
  async (context) => {
    const dir = await folder(context);
    const file = join(dir, 'm.yaml');
    const kernels = `{ name: base, ${source} }, { name: broken, ${source}, base: base, patches: [${patch('cgroup-usage-is-system-time')}] }`;
    await writeFile(
      file,
      `name: m\nkernels: [${kernels}]\ndevices: [qemu-pseries-p9]\ntests: [{ name: st, kselftest: [cgroup:test_cpu] }]\n`,
    );
    const outcome = await busyguest('run', file, '--results', dir, '--quiet');
    const { verdicts, jobs, overall } = await latest(dir);
    assert.equal(overall, 'regressed', jobs.map(({ reason }) => reason).join('\n'));
    const [pair] = verdicts;
    assert.ok(pair?.newlyBroken?.includes('cgroup:test_cpu/test_cpucg_stats'));
    assert.ok(pair?.stillBroken?.includes('cgroup:test_cpu/test_cpucg_max'));
    assert.deepEqual(
      jobs.map(({ asExpected }) => asExpected),
      [true, false],
    );
    assert.equal(outcome.code, 1);
  },
);

test(
  'tests that hang, flood, reboot or crash the machine cost their own jobs only',
  { skip },
  async (context) => {
    const dir = await folder(context);
    const file = join(dir, 'm.yaml');
    const tests = ['fine', 'hang', 'flood', 'reboot', 'panic', 'skip'].map(
      (name) => `bad:${name}.sh`,
    );
    await writeFile(
      file,
      `name: m\nkernels: [{ name: k, ${source}, patches: [${patch('selftests-that-go-wrong')}] }]\ndevices: [qemu-pseries-p9]\ntests: [{ name: st, kselftest: [${tests.join(', ')}] }]\n`,
    );
    await busyguest('run', file, '--results', dir, '--quiet');
    const { jobs } = await latest(dir);
    const [fine, hang, flood, reboot, panic, skipped] = jobs;
    assert.equal(fine?.status, 'PASS', fine?.reason);
    assert.equal(hang?.status, 'FAIL', hang?.reason);
    assert.match(hang?.reason ?? '', /TIMEOUT 3 seconds/);
    assert.notEqual(flood?.status, 'PASS', flood?.reason);
    assert.match(`${reboot?.status} ${reboot?.reason}`, /^MISS never reported: bad:reboot.sh/);
    assert.equal(panic?.decidedBy, 'fault', panic?.reason);
    assert.deepEqual([skipped?.status, skipped?.decidedBy], ['SKIP', 'cases'], skipped?.reason);
  },
);
