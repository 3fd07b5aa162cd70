// SPDX-License-Identifier: MIT
// `npm run deb [-- DIR [TARBALL]]`: makes DIR/busyguest_VERSION_all.deb of what `npm pack` gives, or of such a tarball. What it
// needs of npm comes along, without what only developers use. The same commit gives the same bytes.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { changelog, control, copyright, maintainer, releaseTime } from './deb/metadata.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = resolve(process.argv[2] ?? root);
const tarball = process.argv[3] && resolve(process.argv[3]);

/** What is taken out of npm's packages, and which of their files stay where not all the others do. */
const shed = {
  // One file of it is loaded, which has the other two in it.
  echarts:
    /^(package\.json|LICENSE|NOTICE|licenses\/|dist\/(package\.json|echarts\.common\.min\.js)$)/,
  zrender: /^(package\.json|LICENSE)/,
  tslib: /^(package\.json|LICENSE)/,
  typescript: /^(package\.json|LICENSE|ThirdPartyNotice|lib\/typescript\.js$)/,
};
const notLoaded = /\.map$|^(?:src|test|tests)\/|\.(?:flow|tsbuildinfo)$|(?:^|\/)\.[^/]+$/;

const stage = mkdtempSync(join(tmpdir(), 'busyguest-deb-'));

function main() {
  const tree = join(stage, 'tree');
  const own = join(tree, 'usr/share/busyguest');
  unpack(own);
  const { version } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  addPrograms(tree, own);
  addDocuments(tree, own, version);
  const time = releaseTime(root);
  addControl(tree, version);
  // Times and rights are no matter of who builds it where.
  run('find', [tree, '-exec', 'touch', '-h', '-d', `@${time}`, '{}', '+']);
  run('chmod', ['-R', 'u=rwX,go=rX', tree]);
  const file = join(out, `busyguest_${version}_all.deb`);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(time) };
  mkdirSync(out, { recursive: true });
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file], { env });
}

function run(program, args, options = {}) {
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
}

/** The package as npm installs it, without what only developers use. */
function unpack(own) {
  mkdirSync(own, { recursive: true });
  if (!tarball) run('npm', ['pack', '--silent', '--pack-destination', stage], { cwd: root });
  const packed =
    tarball ??
    join(
      stage,
      readdirSync(stage).find((name) => name.endsWith('.tgz')),
    );
  run('tar', ['-xzf', packed, '--strip-components=1', '-C', own]);
  // As npm-shrinkwrap.json has it: without what only developers need and run.
  const described = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  delete described.devDependencies;
  delete described.scripts;
  writeFileSync(join(own, 'package.json'), `${JSON.stringify(described, undefined, 2)}\n`);
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline'];
  run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-bin-links', ...quiet], { cwd: own });
  rmSync(join(own, 'node_modules', '.package-lock.json'), { force: true });
  shedFiles(own);
  // Nothing of npm's packages is run by its path.
  run('find', [join(own, 'node_modules'), '-type', 'f', '-exec', 'chmod', '-x', '{}', '+']);
}

function shedFiles(own) {
  for (const name of readdirSync(join(own, 'node_modules'), { recursive: true })) {
    const path = join(own, 'node_modules', name);
    const [, packageName, rest] =
      /^(?:.*node_modules\/)?((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(name) ?? [];
    const kept = shed[packageName];
    const goes = kept
      ? !kept.test(rest) && !couldHold(rest, packageName)
      : notLoaded.test(rest ?? '');
    if (rest && goes && existsSync(path)) rmSync(path, { recursive: true });
  }
}

/** Folders of which something stays. */
const holders = { echarts: ['dist', 'licenses'], typescript: ['lib'] };
const couldHold = (rest, packageName) => holders[packageName]?.includes(rest) ?? false;

/** `busyguest` in PATH, by Debian's Node.js and no other that a user may have in front of it; its completion. */
function addPrograms(tree, own) {
  const program = join(own, 'bin', 'busyguest.mjs');
  const text = readFileSync(program, 'utf8');
  writeFileSync(program, text.replace(/^#!.*/, '#!/usr/bin/node'));
  chmodSync(program, 0o755);
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  symlinkSync('../share/busyguest/bin/busyguest.mjs', join(tree, 'usr/bin/busyguest'));
  for (const [shell, path] of [
    ['bash', 'bash-completion/completions/busyguest'],
    ['zsh', 'zsh/vendor-completions/_busyguest'],
    ['fish', 'fish/vendor_completions.d/busyguest.fish'],
  ]) {
    const file = join(tree, 'usr/share', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, execFileSync(process.execPath, [program, 'completion', shell]));
  }
}

function addDocuments(tree, own, version) {
  const man = join(own, 'man');
  const pages = join(tree, 'usr/share/man/man1');
  mkdirSync(pages, { recursive: true });
  for (const name of readdirSync(man))
    writeFileSync(join(pages, `${name}.gz`), gzipped(readFileSync(join(man, name))));
  rmSync(man, { recursive: true });
  const doc = join(tree, 'usr/share/doc/busyguest');
  mkdirSync(doc, { recursive: true });
  for (const name of ['README.md', 'SECURITY.md']) cpSync(join(own, name), join(doc, name));
  for (const name of ['CHANGELOG.md', 'sbom.cdx.json'])
    writeFileSync(join(doc, `${name}.gz`), gzipped(readFileSync(join(own, name))));
  symlinkSync('../../busyguest/docs', join(doc, 'docs'));
  writeFileSync(join(doc, 'changelog.gz'), gzipped(changelog(root, version)));
  writeFileSync(join(doc, 'copyright'), copyright(own));
  renameSync(join(own, 'LICENSES'), join(doc, 'LICENSES'));
}

/** Without the time, and for every Node.js the same header. */
function gzipped(data) {
  const packed = gzipSync(data, { level: 9 });
  packed[9] = 255;
  return packed;
}

function addControl(tree, version) {
  const folder = join(tree, 'DEBIAN');
  const sizes = execFileSync('du', ['-sk', '--apparent-size', tree], { encoding: 'utf8' });
  const sums = execFileSync('find', ['usr', '-type', 'f', '-exec', 'md5sum', '{}', '+'], {
    cwd: tree,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  const sorted = sums
    .trimEnd()
    .split('\n')
    .sort((a, b) => (a.slice(34) < b.slice(34) ? -1 : 1));
  mkdirSync(folder);
  writeFileSync(join(folder, 'md5sums'), `${sorted.join('\n')}\n`);
  const kib = parseInt(sizes, 10);
  writeFileSync(join(folder, 'control'), control({ version, kib, maintainer: maintainer(root) }));
}

try {
  main();
} finally {
  rmSync(stage, { recursive: true, force: true });
}
