// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { usualArchitecture as architecture } from '../../src/architectures/architectures.js';
import { configIdentity, readConfigs } from '../../src/kernels/config.js';
import { settings, wantedBy } from '../../src/kernels/fragment.js';
import { lostSymbols } from '../../src/kernels/lost-config.js';
import { missingConfig, readConfig } from '../../src/kernels/packages/config-check.js';
import { JobError } from '../../src/model/errors.js';

test('the later of two fragments wins, and "is not set" is n', () => {
  const wanted = settings('CONFIG_A=y\nCONFIG_B=m\n# CONFIG_A is not set\n# a comment\n');
  assert.deepEqual(
    [...wanted],
    [
      ['CONFIG_A', 'n'],
      ['CONFIG_B', 'm'],
    ],
  );
});

test('symbols that did not stick are named with what became of them', () => {
  const finished = 'CONFIG_A=y\nCONFIG_B=y\n# CONFIG_C is not set\n';
  const fragment = 'CONFIG_A=y\nCONFIG_B=m\nCONFIG_C=y\nCONFIG_D=y\nCONFIG_E=n\n';
  assert.deepEqual(lostSymbols(fragment, finished), [
    'CONFIG_B: wanted m, is y',
    'CONFIG_C: wanted y, is n',
    'CONFIG_D: wanted y, is n',
  ]);
});

test('the shipped fragment is found by its name, an unknown one is a JobError with its path', async () => {
  const { fragments } = await readConfigs({ config: ['minimal'] });
  const [ofArchitecture, ofAll] = fragments.map(({ text }) => settings(text));
  assert.equal(ofArchitecture?.get('CONFIG_PPC64'), 'y');
  assert.equal(ofAll?.get('CONFIG_CFS_BANDWIDTH'), 'y');
  const x86 = await readConfigs({ config: ['minimal', 'hz-100'], architecture: 'x86' });
  assert.deepEqual(
    x86.fragments.map(({ file }) => file.replace(/.*\/jobs\/config\//, '')),
    ['x86/minimal.config', 'minimal.config', 'hz-100.config'],
  );
  await assert.rejects(readConfigs({ config: ['minimal', 'nonesuch'] }), (error) => {
    assert.ok(error instanceof JobError);
    return error.message.includes('nonesuch.config');
  });
});

const generated =
  '#\n# Automatically generated file; DO NOT EDIT.\n# Linux/powerpc 7.2 Config\n#\n';

test('a full .config is one that Kconfig wrote, or that stands alone; fragments go over it', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true }));
  const [full, part] = [join(dir, 'full.config'), join(dir, 'part.config')];
  await writeFile(full, `${generated}CONFIG_A=y\n`);
  await writeFile(part, 'CONFIG_B=y\n');
  const plan = async (config: string[], configIsFull?: true) => {
    const found = await readConfigs({ config, ...(configIsFull && { configIsFull }) });
    return [found.full?.file, ...found.fragments.map(({ file }) => file)];
  };
  assert.deepEqual(await plan([full, part]), [full, part]);
  assert.deepEqual(await plan([part]), [undefined, part]);
  assert.deepEqual(await plan([part], true), [part]);
  await assert.rejects(plan([part, full]), /full\.config is a full \.config/);
});

test('the debug fragment asks for lockdep, and says nothing against minimal', async () => {
  const { fragments } = await readConfigs({ config: ['minimal', 'debug'] });
  const [ofArchitecture, minimal, debug] = fragments.map(({ text }) => settings(text));
  assert.equal(debug?.get('CONFIG_PROVE_LOCKING'), 'y');
  for (const name of debug?.keys() ?? [])
    assert.ok(!minimal?.has(name) && !ofArchitecture?.has(name), name);
});

test('of a full .config KVM must be built in: its modules are not built', () => {
  const config = readConfig(
    ['CPU_LITTLE_ENDIAN', 'CGROUPS', 'CGROUP_SCHED', 'FAIR_GROUP_SCHED', 'CFS_BANDWIDTH']
      .concat(['BLK_DEV_INITRD', 'DEVTMPFS', 'BINFMT_ELF', 'HVC_CONSOLE', 'PROC_FS', 'SYSCTL'])
      .map((name) => `CONFIG_${name}=y\n`)
      .concat('CONFIG_KVM_BOOK3S_64_HV=m\n')
      .join(''),
  );
  assert.deepEqual(missingConfig(config, { architecture, modules: true }), []);
  assert.deepEqual(missingConfig(config, { architecture, modules: false }), [
    'CONFIG_KVM_BOOK3S_64_HV or CONFIG_KVM_BOOK3S_64_PR=y (KVM, in hypervisor mode or without)',
  ]);
});

test('a line of a fragment may name what else will do', () => {
  const lines = [
    'CONFIG_PROC_SYSCTL=y # or CONFIG_SYSCTL',
    'CONFIG_A=m # or CONFIG_B=y or CONFIG_C or nothing',
    'CONFIG_D=y # or nothing',
    'CONFIG_E=y # for the console',
    'CONFIG_CMDLINE="a # or CONFIG_X"',
  ];
  const read = [...wantedBy(lines.join('\n')).values()].map(({ name, value, or, orNothing }) => [
    `${name}=${value}`,
    or.map((other) => `${other.name}=${other.value}`).join(' '),
    orNothing,
  ]);
  assert.deepEqual(read, [
    ['CONFIG_PROC_SYSCTL=y', 'CONFIG_SYSCTL=y', false],
    ['CONFIG_A=m', 'CONFIG_B=y CONFIG_C=m', true],
    ['CONFIG_D=y', '', true],
    ['CONFIG_E=y', '', false],
    ['CONFIG_CMDLINE="a # or CONFIG_X"', '', false],
  ]);
  for (const wrong of ['# or SYSCTL', '# or CONFIG_A, CONFIG_B', '# or nothing or CONFIG_A']) {
    assert.throws(() => wantedBy(`CONFIG_PROC_SYSCTL=y ${wrong}\n`), SyntaxError, wrong);
  }
});

test('comments do not make another kernel, alternatives do', () => {
  const of = (text: string): string =>
    configIdentity({ fragments: [{ file: 'a.config', text, ships: false }] }).join();
  assert.equal(of('CONFIG_A=y\n'), of('# why\n\nCONFIG_A=y # because\n'));
  assert.notEqual(of('CONFIG_A=y\n'), of('CONFIG_A=y # or CONFIG_B\n'));
  assert.notEqual(of('CONFIG_A=y\n'), of('CONFIG_A=y # or nothing\n'));
});
