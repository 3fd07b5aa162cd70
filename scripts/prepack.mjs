// SPDX-License-Identifier: MIT
// Before `npm pack` and `npm publish`: the SBOM, and npm-shrinkwrap.json, with which `npm install -g` takes the very packages
// that were tested and that the SBOM names. `--undo` removes the latter again: in a clone, npm would prefer
// it to package-lock.json; and brings back the package.json that prepare.mjs has listed the man pages in.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const shrinkwrap = join(root, 'npm-shrinkwrap.json');

function writeShrinkwrap() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const kept = Object.entries(lock.packages).filter(([, { dev }]) => !dev);
  const packages = Object.fromEntries(kept);
  delete packages[''].devDependencies;
  writeFileSync(shrinkwrap, `${JSON.stringify({ ...lock, packages }, undefined, 2)}\n`);
}

function writeSbom() {
  // npm tells what it runs its own options, such as --global.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_(?!cache$|registry$)/.test(name)),
  );
  const args = [join(root, 'scripts', 'sbom.mjs'), join(root, 'sbom.cdx.json')];
  const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 69);
}

rmSync(shrinkwrap, { force: true });
const unpacked = join(root, 'package.json.unpacked');
if (existsSync(unpacked)) renameSync(unpacked, join(root, 'package.json'));
if (process.argv[2] !== '--undo') {
  writeSbom();
  writeShrinkwrap();
}
