// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { projectDir } from '../../src/system/files.js';

const sources = join(projectDir, 'guest-images');
const architectures = readdirSync(join(sources, 'busy-guest', 'arch'));

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test("the payload's parsing and arithmetic hold under ASan and UBSan", async (context) => {
  const dir = join(await folder(context), 'guest-images');
  await cp(sources, dir, { recursive: true });
  const { status, stdout, stderr } = spawnSync('make', ['-s', '-C', dir, 'test'], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^ok 1 /m);
  for (const name of architectures) assert.match(stdout, new RegExp(`^ok 1 ${name}: `, 'm'));
  assert.doesNotMatch(stdout, /^not ok/m);
});

/** What Debian calls the machine of an architecture, where the kernel calls it otherwise. */
const triplets: Readonly<Record<string, string>> = {
  powerpc: 'powerpc64le',
  arm64: 'aarch64',
  riscv: 'riscv64',
  x86: 'x86_64',
};

for (const name of architectures) {
  const cross = `${triplets[name]}-linux-gnu-`;
  const skip = spawnSync(`${cross}gcc`, ['--version']).status !== 0 && `no ${cross}gcc here`;
  test(`the programs compile for ${name}`, { skip }, async (context) => {
    const dir = join(await folder(context), 'guest-images');
    await cp(sources, dir, { recursive: true });
    const make = (...args: string[]): ReturnType<typeof spawnSync> =>
      spawnSync('make', ['-s', '-C', dir, `CROSS_COMPILE=${cross}`, ...args], { encoding: 'utf8' });
    assert.equal(make('clean').status, 0);
    const install = make('install', 'init', `INSTALL_PATH=${join(dir, 'out')}`);
    assert.equal(install.status, 0, String(install.stderr));
    const config = await readFile(join(dir, 'out', 'busy-guest', 'config'), 'utf8');
    assert.match(config, /^CONFIG_KVM/m);
    assert.match(config, /^CONFIG_CFS_BANDWIDTH=y$/m);
  });
}

const hasClang = spawnSync('clang', ['--version']).status === 0;

test(
  'clang has nothing against the programs either',
  { skip: hasClang ? false : 'no clang on this machine' },
  async (context) => {
    const dir = join(await folder(context), 'guest-images');
    await cp(sources, dir, { recursive: true });
    const cross = arch() === 'ppc64' ? '' : 'powerpc64le-linux-gnu-';
    const make = (...args: string[]): ReturnType<typeof spawnSync> =>
      spawnSync('make', ['-s', '-C', dir, `CROSS_COMPILE=${cross}`, ...args], { encoding: 'utf8' });
    assert.equal(make('clean').status, 0);
    const install = make('install', 'LLVM=1', `INSTALL_PATH=${join(dir, 'out')}`);
    assert.equal(install.status, 0, String(install.stderr));
    const run = spawnSync(join(dir, 'out', 'run_kselftest.sh'), ['-l'], { encoding: 'utf8' });
    assert.equal(run.stdout, 'busy-guest:busy-guest\nbusy-guest:busy-guest-full.sh\n');
  },
);

test('run_kselftest.sh: exit 4 is SKIP, time-outs and failures are told and counted', async (context) => {
  const dir = await folder(context);
  await cp(join(sources, 'run_kselftest.sh'), join(dir, 'run_kselftest.sh'));
  await mkdir(join(dir, 'c'));
  await writeFile(join(dir, 'c', 'settings'), 'timeout=1\n');
  const tests = { good: 'echo said; exit 0', bad: 'exit 3', lacks: 'exit 4', slow: 'sleep 4' };
  for (const [name, text] of Object.entries(tests)) {
    await writeFile(join(dir, 'c', name), `#!/bin/sh\n${text}\n`);
    await chmod(join(dir, 'c', name), 0o755);
  }
  const names = Object.keys(tests).map((name) => `c:${name}\n`);
  await writeFile(join(dir, 'kselftest-list.txt'), names.join(''));
  const run = (...args: string[]) =>
    spawnSync(join(dir, 'run_kselftest.sh'), args, { encoding: 'utf8' });
  const all = run();
  assert.equal(all.status, 1);
  assert.deepEqual(
    all.stdout.split('\n').filter((line) => /^(?:not )?ok|^1\.\.|^# said|^TAP/.test(line)),
    [
      'TAP version 13',
      '1..4',
      '# said',
      'ok 1 selftests: c: good',
      'not ok 2 selftests: c: bad # exit=3',
      'ok 3 selftests: c: lacks # SKIP',
      'not ok 4 selftests: c: slow # TIMEOUT 1 seconds',
    ],
  );
  assert.equal(run('-t', 'c:good', '-t', 'c:lacks').status, 0);
  assert.equal(run('-l').stdout, names.join(''));
  assert.match(run('-t', 'c:none').stderr, /no test c:none/);
});
