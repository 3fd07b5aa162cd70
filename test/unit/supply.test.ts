// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { deviceNames } from '../../src/devices/registry.js';
import { loadMatrix } from '../../src/jobs/load.js';
import { JobError } from '../../src/model/errors.js';
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

const fault = (device: string): string => {
  const text = `name: n\nkernels: [{name: k, source: t}]\ndevices: [{name: d, ${device}}]\ntests: [{name: t, quota-us: 30000}]\n`;
  try {
    loadMatrix('m.yaml', text, { knownDevices: deviceNames() });
    return '';
  } catch (error) {
    assert.ok(error instanceof JobError);
    return error.problems.map(({ message, at }) => `${at?.line}: ${message}`).join('; ');
  }
};

test('a YAML job matrix cannot make QEMU run a program, load a library or write a file', () => {
  const bad = [
    '[-incoming, "exec:touch x"]',
    '[--incoming, "exec:touch x"]',
    '[-netdev, "tap,id=n,script=./x"]',
    '[-nic, "tap,script=./x"]',
    '[-plugin, ./x.so]',
    '[-chardev, "file,id=c,path=x"]',
    '[-serial, "file:x"]',
    '[-D, x]',
    '[-pidfile, x]',
    '[-readconfig, x]',
    '[-fsdev, "local,id=f,path=/"]',
    '[-drive, "file=x"]',
    '[disk.img]',
    '[-object, "memory-backend-file,id=m,size=1M,mem-path=x"]',
    '[-device, loader, -object, "filter-dump,id=f,file=x"]',
    '[-s]',
    '["-incoming=exec:x"]',
  ];
  for (const args of bad) {
    const said = fault(`machine: powernv9, extra-args: ${args}`);
    assert.match(said, /^3: devices\[0\]\.extra-args\[\d\]: .* \*\.job\.ts/, args);
  }
  assert.match(fault('machine: "pseries,dumpdtb=x"'), /machine: "dumpdtb" writes a file/);
  assert.equal(fault('machine: "pseries,x-vof=on", extra-args: [-device, virtio-rng-pci]'), '');
  assert.equal(fault('machine: x, extra-args: [-nodefaults, -global, "a.b=c", -bios, x]'), '');
});
