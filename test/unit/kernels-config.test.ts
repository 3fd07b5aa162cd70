// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lostSymbols, readConfigs, wantedSymbols } from '../../src/kernels/config.js';
import { missingConfig, readConfig } from '../../src/kernels/packages/config-check.js';
import { JobError } from '../../src/model/errors.js';

test('the later of two fragments wins, and "is not set" is n', () => {
  const wanted = wantedSymbols('CONFIG_A=y\nCONFIG_B=m\n# CONFIG_A is not set\n# a comment\n');
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
  assert.equal(wantedSymbols(fragments[0]?.text ?? '').get('CONFIG_CFS_BANDWIDTH'), 'y');
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
  const [minimal, debug] = fragments.map(({ text }) => wantedSymbols(text));
  assert.equal(debug?.get('CONFIG_PROVE_LOCKING'), 'y');
  for (const name of debug?.keys() ?? []) assert.ok(!minimal?.has(name), name);
});

test('of a full .config KVM must be built in: its modules are not built', () => {
  const config = readConfig(
    ['CPU_LITTLE_ENDIAN', 'CGROUPS', 'CGROUP_SCHED', 'FAIR_GROUP_SCHED', 'CFS_BANDWIDTH']
      .concat(['BLK_DEV_INITRD', 'DEVTMPFS', 'BINFMT_ELF', 'HVC_CONSOLE'])
      .map((name) => `CONFIG_${name}=y\n`)
      .concat('CONFIG_KVM_BOOK3S_64_HV=m\n')
      .join(''),
  );
  assert.deepEqual(missingConfig(config), []);
  assert.deepEqual(missingConfig(config, { modules: false }), [
    'CONFIG_KVM_BOOK3S_64_HV=y (KVM in hypervisor mode)',
  ]);
});
