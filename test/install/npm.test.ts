// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { version } from '../../src/model/version.js';
import { folder, latest, project } from '../integration/cli.js';
import { installGlobally, must, pack, run, stateOf, type Installed } from './npm-package.js';

let here = '';
let tarball = '';
let installed: Installed;
let untouched = '';

before(async () => {
  here = await mkdtemp(join(tmpdir(), 'busyguest-install-'));
  tarball = await pack(here);
  const prefix = join(here, 'prefix');
  installed = await installGlobally(tarball, prefix);
  untouched = await stateOf(installed.folder);
});
after(() => rm(here, { recursive: true, force: true }));

/** Runs the installed program in a folder; what it prints, when it ended well. */
async function says(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await installed.busyguest(cwd, ...args);
  assert.equal(code, 0, `busyguest ${args.join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

const runFolders = async (results: string): Promise<string[]> =>
  (await readdir(results)).filter((name) => /^\d{8}-/.test(name));

test('the package has what runs, its documents and its SBOM, and nothing else', async () => {
  const list = (await must(['tar', '-tzf', tarball], { cwd: here })).split('\n');
  const files = list.map((file) => file.replace(/^package\//, '')).filter((file) => file !== '');
  const expected =
    /^(bin|dist\/src|docs|guest-images|jobs|labs|man|LICENSES|scripts\/git-objects)\/|^(package\.json|npm-shrinkwrap\.json|sbom\.cdx\.json|README\.md|CHANGELOG\.md|SECURITY\.md|scripts\/git-in-cage\.config|src\/devices\/qemu\/still-clock\.c)$/;
  assert.deepEqual(
    files.filter((file) => !expected.test(file) || /\.(?:map|o|png|tsbuildinfo)$/.test(file)),
    [],
  );
  for (const file of [
    'sbom.cdx.json',
    'npm-shrinkwrap.json',
    'man/busyguest.1',
    'man/busyguest-run.1',
    'dist/src/jobs/generators/index.d.ts',
    'jobs/patches/kvm-hv-xfer-to-guest',
    'scripts/git-objects/sha1/HEAD',
    'docs/security.md',
    'labs/lava/test-definitions/busy-guest.yaml',
  ])
    assert.ok(
      files.some((one) => one === file || one.startsWith(`${file}/`)),
      file,
    );
  // What was compiled from a source that is gone is not shipped.
  for (const file of files.filter((one) => one.startsWith('dist/src/')))
    await readFile(join(project, file.replace(/^dist\//, '').replace(/\.(js|d\.ts)$/, '.ts')));
  const sbom = JSON.parse(await readFile(join(installed.folder, 'sbom.cdx.json'), 'utf8'));
  assert.equal(sbom.metadata.component.version, version);
  // npm took the very versions that the SBOM names.
  for (const { name, version: named } of sbom.components as { name: string; version: string }[]) {
    const copies = await must(
      ['find', installed.folder, '-path', `*/node_modules/${name}/package.json`],
      { cwd: here },
    );
    const versions = await Promise.all(
      copies
        .split('\n')
        .map(async (file) => JSON.parse(await readFile(file, 'utf8')).version as string),
    );
    assert.ok(versions.includes(named), `${name} ${named}: ${versions.join(' ')}`);
  }
});

test('in any folder: help, version, doctor, matrices, plan, a nearest name', async (context) => {
  const dir = await folder(context);
  assert.equal((await says(dir, '--version')).trim(), version);
  // npm links them where man looks for them.
  const pages = await readdir(join(here, 'prefix', 'share', 'man', 'man1'));
  assert.ok(pages.includes('busyguest.1') && pages.includes('busyguest-run.1'), pages.join(' '));
  assert.match(await says(dir, 'check', '--help'), /Usage: busyguest check /);
  for (const shell of ['bash', 'zsh', 'fish'])
    assert.match(await says(dir, 'completion', shell), /busyguest/);
  const { stdout: doctor } = await installed.busyguest(dir, 'doctor');
  assert.ok(doctor.startsWith('busyguest '), doctor);
  assert.ok(doctor.includes(`${version} in ${installed.folder}`), doctor);
  const names = (await readdir(join(project, 'jobs')))
    .map((name) => /^(.+?)(?:\.job\.ts|\.yaml)$/.exec(name)?.[1])
    .filter((name) => name !== undefined);
  const listed = (await says(dir, 'matrices')).trim().split('\n');
  assert.deepEqual(
    listed.map((line) => line.split(' ')[0]),
    names.sort(),
  );
  for (const line of listed) assert.match(line, /^\S+ +[A-Z].{10,110}$/);
  assert.match(await says(dir, 'plan', 'pre-pull'), /^pre-pull: 20 jobs$/m);
  const wrong = await installed.busyguest(dir, 'plan', 'pre-pul');
  assert.equal(wrong.code, 64);
  assert.match(wrong.stderr, /did you mean "pre-pull"\?/);
  const path = await installed.busyguest(dir, 'plan', 'jobs/pre-pull.yaml');
  assert.equal(path.code, 64);
  assert.match(path.stderr, /did you mean "pre-pull", which comes with busyguest/);
  assert.deepEqual(await readdir(dir), []);
});

test('run NAME: a job on an emulated machine, results in the current folder or in --results', async (context) => {
  const dir = await folder(context);
  const only = ['--filter', 'device=qemu-pseries-p9', '--fresh', '--quiet'];
  const said = await says(dir, 'run', 'pre-pull', ...only);
  assert.match(said.trim().split('\n').at(-1) ?? '', /^fixed: /);
  assert.equal((await runFolders(join(dir, 'results'))).length, 1);
  const result = await latest(join(dir, 'results'));
  assert.equal(result.version, version);
  const other = join(dir, 'other');
  await says(dir, 'run', 'pre-pull', '--filter', only[1] ?? '', '--quiet', '--results', other);
  assert.equal((await runFolders(other)).length, 1);
  assert.deepEqual((await readdir(dir)).sort(), ['other', 'results']);
});

test('init writes a matrix that runs by itself, and overwrites nothing', async (context) => {
  const dir = await folder(context);
  await says(dir, 'init', 'mine/my.yaml', '--from', 'pre-pull');
  assert.deepEqual((await readdir(join(dir, 'mine'))).sort(), ['my.yaml', 'patches']);
  // The same kernels as those of the shipped one: it plans no build of its own.
  const lines = async (...args: string[]): Promise<string[]> =>
    (await says(dir, 'plan', ...args)).split('\n').filter((line) => line.startsWith('kernel '));
  assert.deepEqual(await lines('mine/my.yaml'), await lines('pre-pull'));
  assert.match(await says(dir, 'plan', 'mine/my.yaml'), /^my: 20 jobs$/m);
  const again = await installed.busyguest(dir, 'init', 'mine/my.yaml');
  assert.equal(again.code, 64);
  assert.match(again.stderr, /mine\/my\.yaml is there already; nothing was written/);
});

test('a file of the current folder comes before a name, and this is said', async (context) => {
  const dir = await folder(context);
  await says(dir, 'init', 'smoke.yaml');
  await writeFile(
    join(dir, 'smoke.yaml'),
    (await readFile(join(dir, 'smoke.yaml'), 'utf8')).replace(/^name: .*/m, 'name: mine'),
  );
  const own = await installed.busyguest(dir, 'plan', 'smoke');
  assert.match(own.stdout, /^mine: /);
  assert.match(own.stderr, /smoke\.yaml of this folder is taken, not the "smoke" that comes with/);
  await mkdir(join(dir, 'full'));
  assert.match(await says(dir, 'plan', 'full'), /^full: /);
});

const generator = `import { nightly, type Generator } from 'busyguest/generators';
const mine: Generator = ({ source = [] }) => ({
  ...nightly({ source: source.join(), devices: ['qemu-pseries-p9'] }), name: 'mine' });
export default mine;
`;

test('a generator of the user imports busyguest/generators, and its types', async (context) => {
  const dir = await folder(context);
  await writeFile(join(dir, 'mine.job.ts'), generator);
  const set = ['--set', 'source=debian:linux-source'];
  assert.match(await says(dir, 'plan', 'mine.job.ts', ...set), /^mine: 4 jobs$/m);
  await checkTypes(context, generator, /^$/);
  await checkTypes(
    context,
    generator.replace('devices:', 'machines:'),
    /'machines' does not exist/,
  );
});

/** As an editor sees it, where the package is a dependency of the user's project. */
async function checkTypes(context: TestContext, text: string, said: RegExp): Promise<void> {
  const dir = await folder(context);
  await mkdir(join(dir, 'node_modules'));
  await must(['ln', '-s', installed.folder, 'node_modules/busyguest'], { cwd: dir });
  await writeFile(join(dir, 'package.json'), '{"type":"module"}');
  await writeFile(join(dir, 'mine.job.ts'), text);
  const tsc = join(project, 'node_modules', 'typescript', 'bin', 'tsc');
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--skipLibCheck',
  ];
  const { stdout } = await run([process.execPath, tsc, ...options, 'mine.job.ts'], { cwd: dir });
  assert.match(stdout, said);
}

test('nothing of all that was written into the package', async () => {
  assert.equal(await stateOf(installed.folder), untouched);
});
