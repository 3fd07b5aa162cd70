// SPDX-License-Identifier: MIT
// npm runs it for `npm ci` in a clone, `npm pack`, `npm publish` and `npm install git+URL`: compiles the program and the types
// that generators see, writes the man pages, and removes what was compiled from sources that are gone.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const unpacked = join(root, 'package.json.unpacked');

/** The man pages have the day of the commit: the same commit gives the same package. */
function releaseTime() {
  const { SOURCE_DATE_EPOCH } = process.env;
  if (SOURCE_DATE_EPOCH) return { SOURCE_DATE_EPOCH };
  const git = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  return git.status === 0 ? { SOURCE_DATE_EPOCH: git.stdout.trim() } : {};
}

function must(script, ...args) {
  const { status, error } = spawnSync(process.execPath, [join(root, script), ...args], {
    cwd: root,
    env: { ...process.env, ...releaseTime() },
    stdio: 'inherit',
  });
  if (error) process.stderr.write(`busyguest: ${script}: ${error.message}\n`);
  if (status === 0) return;
  // Of `npm pack`, which does not clean up where it fails.
  rmSync(join(root, 'npm-shrinkwrap.json'), { force: true });
  process.exit(status ?? 69);
}

/** tsc leaves what it wrote for a source that was removed or renamed since. */
function removeStale(folder) {
  const compiled = join(root, 'dist', folder);
  for (const entry of readdirSync(compiled, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const [stem] = file.slice(join(root, 'dist').length + 1).split(/\.(?:js|js\.map|d\.ts)$/);
    if (entry.isFile() && !existsSync(join(root, `${stem}.ts`))) rmSync(file);
  }
}

/**
 * In what is packed, package.json names each page, or npm would not link them. Only there: a new command is no reason to
 * change it. prepack.mjs --undo brings back what it was.
 */
function listPages() {
  const file = join(root, 'package.json');
  const text = readFileSync(file, 'utf8');
  const man = readdirSync(join(root, 'man'))
    .sort()
    .map((name) => `./man/${name}`);
  writeFileSync(unpacked, text);
  writeFileSync(file, `${JSON.stringify({ ...JSON.parse(text), man }, undefined, 2)}\n`);
}

if (!existsSync(join(root, 'node_modules', '@types', 'node'))) {
  // `npm ci --omit=dev`: nothing to compile with.
  process.stdout.write('busyguest: not compiled, because development packages were left out\n');
  process.exit(0);
}
const tsc = 'node_modules/typescript/bin/tsc';
must(tsc, '-p', root);
must(tsc, '-p', join(root, 'tsconfig.types.json'));
removeStale('src');
rmSync(join(root, 'man'), { recursive: true, force: true });
must('scripts/write-man.mjs', join(root, 'man'));
if (existsSync(join(root, 'npm-shrinkwrap.json')) && !existsSync(unpacked)) listPages();
