// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../src/model/errors.js';
import { parseFilter } from '../../src/jobs/filter.js';
import { load, matrix } from './jobs-sample.js';

const { jobs } = load(
  matrix({
    kernels: '[{name: unpatched, source: t}, {name: patched, source: t}]',
    devices: '[qemu-powernv8, qemu-pseries-p9]',
  }),
);
const kept = (text: string): string[] => jobs.filter(parseFilter(text)).map((job) => job.name);

test('each operator keeps what it says', () => {
  assert.deepEqual(kept('kernel=patched'), [
    'patched-qemu-powernv8-t',
    'patched-qemu-pseries-p9-t',
  ]);
  assert.deepEqual(kept('kernel!=patched'), [
    'unpatched-qemu-powernv8-t',
    'unpatched-qemu-pseries-p9-t',
  ]);
  assert.deepEqual(kept('device=~powernv,kernel=patched'), ['patched-qemu-powernv8-t']);
  assert.deepEqual(kept('device!~nv , kernel =~ ^un'), ['unpatched-qemu-pseries-p9-t']);
  assert.deepEqual(kept('name=patched-qemu-powernv8-t,test=t'), ['patched-qemu-powernv8-t']);
  assert.deepEqual(kept('test=u'), []);
});

for (const [text, said] of [
  ['', /a term is empty/],
  ['device=~powernv,', /a term is empty/],
  ['powernv', /"powernv" is no condition; write FIELD=VALUE.*fields: kernel, device, test, name/],
  ['devcie=x', /unknown field "devcie"; did you mean "device"\?/],
  ['toString=x', /unknown field "toString"; valid: kernel, device, test, name/],
  ['=x', /unknown field ""/],
  ['device=', /"device=" lacks a value/],
  ['device==x', /"=x" cannot be the name of a device/],
  ['device=*nv', /"\*nv" cannot be the name of a device/],
  ['device=~(', /missing closing \)/],
] as const) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => parseFilter(text),
      (error: unknown) => error instanceof UsageError && said.test(error.message),
    );
  });
}
