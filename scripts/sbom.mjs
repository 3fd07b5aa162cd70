// SPDX-License-Identifier: MIT
// `npm run sbom -- [FILE]`: what a release is made of, as CycloneDX 1.5 JSON, from package-lock.json; `--dev` adds what
// only tests and checks need. The same lock file gives the same bytes: no time but that of SOURCE_DATE_EPOCH.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const withDev = args.includes('--dev');
const file = args.find((arg) => !arg.startsWith('--'));
const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const format = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'];
const npm = spawnSync('npm', ['sbom', ...format], { cwd: root, encoding: 'utf8' });
if (npm.status !== 0) {
  process.stderr.write(`busyguest: npm sbom: ${npm.error?.message ?? npm.stderr}\n`);
  process.exit(69);
}
const bom = JSON.parse(npm.stdout);
if (!withDev) {
  // Not by --omit dev: npm 11 leaves out what a package for development needs too.
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const shipped = new Set(
    Object.entries(lock)
      .filter(([path, { dev }]) => path !== '' && !dev)
      .map(([path, one]) => `${path.replace(/^.*node_modules\//, '')}@${one.version}`),
  );
  const own = `${name}@${version}`;
  bom.components = bom.components.filter((one) => shipped.has(`${one.name}@${one.version}`));
  const refs = new Set([own, ...bom.components.map((one) => one['bom-ref'])]);
  bom.dependencies = bom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }));
}
// npm takes the folder's name, the time and a random number.
bom.metadata.component.name = name;
bom.metadata.component.version = version;
const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? 0);
bom.metadata.timestamp = new Date(epoch * 1000).toISOString();
delete bom.metadata.tools;
delete bom.serialNumber;
const id = createHash('sha256').update(JSON.stringify(bom)).digest('hex');
const parts = [id.slice(0, 8), id.slice(8, 12), `8${id.slice(13, 16)}`, `8${id.slice(17, 20)}`];
const serialNumber = `urn:uuid:${parts.join('-')}-${id.slice(20, 32)}`;
const { $schema, bomFormat, specVersion, ...rest } = bom;
const text = `${JSON.stringify({ $schema, bomFormat, specVersion, serialNumber, ...rest }, undefined, 2)}\n`;
if (file === undefined) process.stdout.write(text);
else {
  writeFileSync(file, text);
  process.stdout.write(`${file}: ${bom.components.length} components\n`);
}
