// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {
  copyFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { programPath } from '../../src/system/program.js';
import { folder, project } from '../integration/cli.js';
import { must, pack } from '../install/npm-package.js';
import { whyNoLab } from '../lava/lab-root.js';
import { nodeOf } from './node-versions.js';
import { containerSteps } from './containerfile.js';
import { inCleanSystem, scriptOf } from './system.js';

const skip = (await whyNoLab()) ?? false;
const from = process.env['BUSYGUEST_TEST_SUITES']?.split(',') ?? ['bookworm', 'trixie', 'sid'];
let here = '';
let deb = '';

before(async () => {
  if (skip !== false) return;
  here = await mkdtemp(join(tmpdir(), 'busyguest-systems-'));
  await must([process.execPath, 'scripts/deb.mjs', here], { cwd: project });
  deb = (await readdir(here)).find((name) => name.endsWith('_all.deb')) ?? '';
  assert.notEqual(deb, '');
});
after(() => rm(here, { recursive: true, force: true }));

/** A folder that the clean system sees as /shared, with the package in it. */
async function shared(context: TestContext): Promise<string> {
  const dir = await folder(context);
  await copyFile(join(here, deb), join(dir, deb));
  return dir;
}

/** Debian 12 has Node.js 18: the package refuses it, and takes one like those that Node.js' own packages bring. */
async function newerNode(dir: string): Promise<string> {
  const node = await nodeOf(22, join(here, 'node-22'));
  const version = (await must([node, '--version'], { cwd: dir })).trim().slice(1);
  const tree = join(dir, 'nodejs');
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  await mkdir(join(tree, 'usr/bin'), { recursive: true });
  await copyFile(node, join(tree, 'usr/bin/node'));
  const control = `Package: nodejs\nVersion: ${version}-1test\nArchitecture: all\nMaintainer: nobody <nobody@localhost>\nDescription: Node.js of npm's registry\n`;
  await writeFile(join(tree, 'DEBIAN/control'), control);
  const file = join(dir, 'nodejs.deb');
  await must(['dpkg-deb', '--root-owner-group', '-Zgzip', '-z1', '--build', tree, file], {
    cwd: dir,
  });
  return basename(file);
}

for (const suite of from)
  test(`Debian ${suite}: the package is installed, used and removed`, { skip }, async (context) => {
    const dir = await shared(context);
    const more = suite === 'bookworm' ? [await newerNode(dir)] : [];
    const say = (line: string): void => context.diagnostic(line);
    await inCleanSystem(suite, dir, ['debian.sh', deb, ...more], context.signal, say);
  });

test('Debian trixie: from npm install -g to a first verdict', { skip }, async (context) => {
  const dir = await folder(context);
  const tarball = basename(await pack(dir));
  // As Node.js' own packages bring it; Debian's npm is some hundred packages.
  const npm = dirname(dirname(await realpath((await programPath('npm')) ?? '')));
  await must(['cp', '-rL', npm, join(dir, 'npm')], { cwd: dir });
  const cafile = (await must(['npm', 'config', 'get', 'cafile'], { cwd: dir })).trim();
  if (cafile !== 'null') await copyFile(cafile, join(dir, 'ca.pem'));
  const say = (line: string): void => context.diagnostic(line);
  await inCleanSystem('trixie', dir, ['npm.sh', tarball], context.signal, say);
});

/** One job of a kernel that needs no build; its verdict may be any. */
const one = `name: one
kernels: [{name: debian, package: 'debian:linux-image-powerpc64le@sid'}]
devices: [qemu-pseries-p9]
tests: [{name: busy-guest, quota-us: 30000, period-us: 100000, vcpus: 1, seconds: 3}]
`;

test(
  'Debian trixie: systemd starts the nights of a user and of the system, and one that was missed',
  { skip },
  async (context) => {
    const say = (line: string): void => context.diagnostic(line);
    const dir = await shared(context);
    await writeFile(join(dir, 'one.yaml'), one);
    await copyFile(scriptOf('nights-inside.sh'), join(dir, 'nights-inside.sh'));
    const find = ['findmnt', '--noheadings', '--output', 'TARGET', '--types', 'cgroup2'];
    const [tree = ''] = (await must(find, { cwd: dir })).split('\n');
    const cgroup = join(tree, `busyguest-test-${process.pid}`);
    const script = ['nights.sh', deb];
    try {
      await inCleanSystem('trixie', dir, script, context.signal, say, cgroup);
    } finally {
      const said = await readFile(join(dir, 'said'), 'utf8').catch(() => '');
      said.trim().split('\n').forEach(say);
      await must(['find', cgroup, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'], {
        cwd: dir,
      });
    }
  },
);

for (const [title, script] of [
  ['lintian finds no error in the package', 'lintian.sh'],
  ['arm64 and ppc64el: apt can install the package with all that it needs', 'foreign.sh'],
] as const)
  test(title, { skip }, async (context) => {
    const say = (line: string): void => context.diagnostic(line);
    const dir = await shared(context);
    await inCleanSystem('trixie', dir, [script, deb], context.signal, say);
  });

test(
  'the steps of Containerfile make an image whose user is not root and can run jobs',
  { skip },
  async (context) => {
    const say = (line: string): void => context.diagnostic(line);
    const dir = await shared(context);
    const { suite, script } = await containerSteps(join(project, 'Containerfile'));
    await writeFile(join(dir, 'containerfile.sh'), script);
    await inCleanSystem(suite, dir, ['container.sh', 'containerfile.sh'], context.signal, say);
  },
);
