// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { version } from '../../src/model/version.js';
import { project } from '../integration/cli.js';

interface Locked {
  readonly version: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8')) as {
  packages: Record<string, Locked>;
};
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

// The lock file names no host: packages come from the registry that npm is told, and must have these hashes.
test('every npm package is pinned by its hash and runs nothing when installed', () => {
  assert.ok(locked.length > 50);
  for (const [path, { integrity, resolved, hasInstallScript }] of locked) {
    assert.match(integrity ?? '', /^sha512-/, path);
    assert.match(resolved ?? 'https://', /^https:\/\//, path);
    assert.ok(hasInstallScript !== true, `${path} runs a script when it is installed`);
  }
});

test('one version: of package.json, of the lock file, and the one that busyguest says', () => {
  const read = (file: string): string =>
    (JSON.parse(readFileSync(join(project, file), 'utf8')) as { version: string }).version;
  assert.equal(version, read('package.json'));
  assert.equal(version, read('package-lock.json'));
  const changelog = readFileSync(join(project, 'CHANGELOG.md'), 'utf8');
  assert.match(changelog, new RegExp(`^## ${version.replaceAll('.', '\\.')}( |$)`, 'm'));
});

interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string } };
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  }[];
}

test('the SBOM names every package of a release with its hash, and is the same every time', () => {
  const sbom = (): string =>
    execFileSync(process.execPath, [join(project, 'scripts/sbom.mjs')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const text = sbom();
  const bom = JSON.parse(text) as Bom;
  assert.equal(bom.bomFormat, 'CycloneDX');
  assert.equal(bom.metadata.component.name, 'busyguest');
  const shipped = locked
    .filter(([, { dev }]) => dev !== true)
    .map(([path, one]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${one.version}`);
  const named = bom.components.map(({ name, version }) => `${name}@${version}`);
  assert.deepEqual(named.sort(), [...new Set(shipped)].sort());
  for (const { name, hashes } of bom.components) assert.equal(hashes?.[0]?.alg, 'SHA-512', name);
  assert.equal(sbom(), text);
});
