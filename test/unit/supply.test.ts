// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { version } from '../../src/model/version.js';
import { folder, project } from '../integration/cli.js';

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

test('npm version: the program gets the version, what was unreleased a heading; nothing unreleased is no release', async (context) => {
  const dir = await folder(context);
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(dir, file)), { recursive: true });
    await writeFile(join(dir, file), text);
  };
  await write('scripts/release.mjs', readFileSync(join(project, 'scripts/release.mjs'), 'utf8'));
  await write('package.json', '{"version": "1.2.0", "type": "module"}');
  await write('src/model/version.ts', "export const version = '1.1.0';\n");
  await write('CHANGELOG.md', '# Changelog\n\n## Unreleased\n- New.\n\n## 1.1.0\n- Old.\n');
  execFileSync('git', ['init', '-q', dir]);
  const release = (): SpawnSyncReturns<string> =>
    spawnSync(process.execPath, [join(dir, 'scripts/release.mjs')], {
      encoding: 'utf8',
      env: { ...process.env, SOURCE_DATE_EPOCH: '86400' },
    });
  assert.equal(release().status, 0);
  const changelog =
    '# Changelog\n\n## Unreleased\n\n## 1.2.0 (1970-01-02)\n- New.\n\n## 1.1.0\n- Old.\n';
  assert.equal(readFileSync(join(dir, 'CHANGELOG.md'), 'utf8'), changelog);
  const code = readFileSync(join(dir, 'src/model/version.ts'), 'utf8');
  assert.equal(code, "export const version = '1.2.0';\n");
  const again = release();
  assert.equal(again.status, 65);
  assert.match(again.stderr, /says nothing under "## Unreleased"/);
  assert.equal(readFileSync(join(dir, 'CHANGELOG.md'), 'utf8'), changelog);
});
