// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadMatrix } from '../../src/jobs/load.js';
import { JobError } from '../../src/model/errors.js';
import { programOf } from '../../src/payload/registry.js';

const matrix = (payloadArgs: string): string => `name: own
kernels: [{name: own, source: running}]
devices: [local]
tests: [{name: busy-guest, quota-us: 30000, payload-args: ${payloadArgs}}]
`;
const load = (payloadArgs: string): readonly string[] => {
  const [job] = loadMatrix('own.yaml', matrix(payloadArgs), { knownDevices: ['local'] }).jobs;
  assert.ok(job);
  return programOf(job.test).machine.argv(job.test.parameters, {});
};

test('payload-args are options of the payload', () => {
  const argv = load('{hcall-us: 1000, negate-decrementer: true, kill-deadline-seconds: 60}');
  const wanted = ['--hcall-us=1000', '--negate-decrementer', '--kill-deadline-seconds=60'];
  assert.deepEqual(argv.slice(-3), wanted);
  assert.ok(load('{hcall-us: 0}').includes('--hcall-us=0'));
});

test('a mistake in payload-args is shown where it is', () => {
  const mistakes = { '{hcall-us: soon}': /hcall-us/, '{hcal-us: 1}': /did you mean "hcall-us"/ };
  for (const [text, message] of Object.entries(mistakes)) {
    assert.throws(
      () => load(text),
      (error) => error instanceof JobError && message.test(error.message),
      text,
    );
  }
});
