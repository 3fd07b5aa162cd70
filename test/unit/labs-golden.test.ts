// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { emulatedNames } from '../../src/devices/registry.js';
import { lavaDefinition } from '../../src/labs/lava/definition.js';
import { assertGolden } from './golden.js';
import { lavaJobOn } from './labs-sample.js';

for (const device of [
  'qemu-pseries-p9',
  'qemu-pseries-papr-p10',
  'qemu-powernv8',
  'kvm-pseries-p10',
]) {
  test(`LAVA definition for ${device}`, () => {
    assertGolden(`lava/${device}.yaml`, lavaDefinition(lavaJobOn(device)));
  });
}

for (const boot of ['petitboot', 'kexec', 'ssh', 'minimal'] as const) {
  test(`LAVA definition for a machine that boots by ${boot}`, () => {
    const job = lavaJobOn(`lab-${boot}`, { boot, deviceType: `lab-${boot}`, tags: ['power9'] });
    assertGolden(`lava/${boot}.yaml`, lavaDefinition(job));
  });
}

test('every definition names its files by checksum and ends when its test does', () => {
  for (const name of emulatedNames) {
    const text = lavaDefinition(lavaJobOn(name));
    const { actions } = parse(text) as { actions: readonly Record<string, unknown>[] };
    assert.deepEqual(
      actions.map((action) => Object.keys(action)),
      [['deploy'], ['boot'], ['test']],
    );
    assert.equal(text.match(/sha256sum: /g)?.length, 2, name);
    assert.match(text, /end: BUSYGUEST-END \\d\+\[\^\\r\\n\]\*\\r\*\\n$/m);
  }
});

test('words of the user stay words in YAML', () => {
  const text = lavaDefinition({
    ...lavaJobOn('qemu-pseries-p9'),
    name: 'a: b # c',
    metadata: { note: '"quoted"\nsecond: line' },
    tags: ['no', '1.0'],
  });
  const value = parse(text) as { job_name: string; metadata: object; tags: object };
  assert.equal(value.job_name, 'a: b # c');
  assert.deepEqual(value.metadata, { note: '"quoted"\nsecond: line' });
  assert.deepEqual(value.tags, ['no', '1.0']);
});
