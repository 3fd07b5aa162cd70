// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { busyguest, folder, latest, project } from '../integration/cli.js';

// No distribution's mirror of .rpm packages is at hand everywhere; rpmbuild makes real ones of a
// real kernel, with the names and the compression that distributions use.
const release = '7.2.0-1.busyguest.ppc64le';
const hasRpmbuild = spawnSync('rpmbuild', ['--version']).status === 0;
const layouts = [
  {
    name: 'Fedora',
    payload: 'w3.zstdio',
    image: `lib/modules/${release}/vmlinuz`,
    config: `lib/modules/${release}/config`,
  },
  {
    name: 'openSUSE',
    payload: 'w1.xzdio',
    image: `usr/lib/modules/${release}/vmlinux`,
    config: `usr/lib/modules/${release}/config`,
  },
  {
    name: 'RHEL 7',
    payload: 'w3.gzdio',
    image: `boot/vmlinuz-${release}`,
    config: `boot/config-${release}`,
  },
];

/** A folder with the unpatched kernel's vmlinux and config, built if need be. */
async function builtKernel(results: string): Promise<string> {
  const filter = ['--filter', 'kernel=unpatched,device=qemu-pseries-p9'];
  await busyguest('run', join(project, 'jobs/smoke.yaml'), ...filter, '--results', results);
  const [job] = (await latest(results)).jobs;
  const boot = await readFile(join(results, 'latest', job?.name ?? '', 'boot.json'), 'utf8');
  return dirname((JSON.parse(boot) as { kernel: string }).kernel);
}

/** Packs a kernel as a distribution does; the package's path. */
async function rpmbuild(dir: string, kernel: string, layout: (typeof layouts)[number]) {
  const top = join(dir, layout.name.replace(' ', ''));
  await mkdir(top);
  const put = (from: string, to: string): string =>
    `install -D -m 644 ${join(kernel, from)} %{buildroot}/${to}`;
  const spec = `Name: kernel-core
Version: 7.2.0
Release: 1.busyguest
Summary: The Linux kernel
License: GPL-2.0-only
%description
The Linux kernel.
%install
${put('vmlinux', layout.image)}
${put('config', layout.config)}
%files
/${layout.image}
/${layout.config}
`;
  await writeFile(join(top, 'kernel.spec'), spec);
  const macros = {
    _topdir: top,
    _binary_payload: layout.payload,
    // The kernel of another machine is not for this machine's strip.
    __os_install_post: '%{nil}',
    debug_package: '%{nil}',
    _build_id_links: 'none',
  };
  const defines = Object.entries(macros).flatMap(([name, value]) => [
    '--define',
    `${name} ${value}`,
  ]);
  const argv = ['-bb', '--quiet', '--target', 'ppc64le-linux', ...defines, 'kernel.spec'];
  execFileSync('rpmbuild', argv, { cwd: top, stdio: 'pipe' });
  const packages = join(top, 'RPMS/ppc64le');
  const [file = ''] = await readdir(packages);
  return join(packages, file);
}

for (const layout of layouts) {
  const skip = hasRpmbuild ? false : 'no rpmbuild on this machine';
  test(`qualify: an .rpm as of ${layout.name} (${layout.payload})`, { skip }, async (context) => {
    const dir = await folder(context);
    const file = await rpmbuild(dir, await builtKernel(join(dir, 'results')), layout);
    const qualify = ['qualify', file, '--device', 'qemu-pseries-p9', '--results', dir, '--quiet'];
    const { code, stderr } = await busyguest(...qualify);
    const [job] = (await latest(dir)).jobs;
    assert.equal(`${job?.status ?? stderr} ${job?.decidedBy ?? ''}`, 'FAIL cases');
    assert.match(job?.reason ?? '', /busy_guest_obeys_quota: 3\.\d+ x the quota/);
    assert.equal(code, 1);
  });
}
