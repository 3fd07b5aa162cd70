// SPDX-License-Identifier: MIT
// npm runs it for `npm version` (docs/releasing.md): gives the new version to the program, and what CHANGELOG.md says under
// "Unreleased" a heading of its own.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const changed = ['src/model/version.ts', 'CHANGELOG.md'];
const [versionFile, changelog] = changed.map((file) => join(root, file));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function fail(message) {
  process.stderr.write(`busyguest: ${message}\n`);
  process.exit(65);
}

const text = readFileSync(changelog, 'utf8');
const [, head, unreleased, rest] = /^([^]*?^## Unreleased\n)([^]*?)(^## [^]*)$/m.exec(text) ?? [];
if (head === undefined || unreleased.trim() === '')
  fail('CHANGELOG.md says nothing under "## Unreleased"');
if (rest.includes(`\n## ${version} `)) fail(`CHANGELOG.md has ${version} already`);
const epoch = process.env.SOURCE_DATE_EPOCH;
const day = new Date(epoch ? Number(epoch) * 1000 : Date.now()).toISOString().slice(0, 10);
writeFileSync(changelog, `${head}\n## ${version} (${day})\n${unreleased}${rest}`);

const code = readFileSync(versionFile, 'utf8');
writeFileSync(versionFile, code.replace(/(version = ')[^']*/, `$1${version}`));
execFileSync('git', ['add', ...changed], { cwd: root, stdio: 'inherit' });
