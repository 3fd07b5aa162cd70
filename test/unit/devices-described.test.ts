// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDescription } from '../../src/devices/described/load.js';
import { promisedBy } from '../../src/devices/described/promised.js';
import { machineOf } from '../../src/devices/registry.js';
import { JobError } from '../../src/model/errors.js';

const bmc = 'bmc: {host: h, user: u, password-env: SECRET}\n';

/** The mistakes of a description, without the lines they show. */
function mistakes(text: string): string[] {
  try {
    readDescription('d.yaml', text);
    return [];
  } catch (error) {
    assert.ok(error instanceof JobError);
    return error.problems.map(
      ({ at, message, hint }) => `${at?.line}:${at?.column} ${message}${hint ? `; ${hint}` : ''}`,
    );
  }
}

test('a few lines describe a machine; the rest has defaults', () => {
  const description = readDescription('d.yaml', `kind: ipmi\n${bmc}promises: {cpu: power9}\n`);
  assert.equal(description.kind, 'ipmi');
  assert.equal(description.kind === 'ipmi' && description.bmc.port, 623);
  assert.equal(description.kind === 'ipmi' && description.power.retries, 1);
  const { cpu } = promisedBy(description);
  assert.deepEqual(
    [cpu?.source, cpu?.test('POWER9'), cpu?.test('POWER8')],
    ['power9', true, false],
  );
  const host = readDescription('d.yaml', 'kind: ssh\nhost: root@p9\nkexec: false\n');
  assert.equal(host.kind === 'ssh' && host.kexec, false);
});

const wrong: readonly (readonly [string, string, readonly string[]])[] = [
  ['no kind', 'host: h\n', ['1:1 missing key "kind"; it is ipmi or ssh']],
  [
    'an unknown kind',
    'kind: impi\n',
    ['1:7 kind: "impi" is no kind of device; did you mean "ipmi"?'],
  ],
  [
    'a misspelt key',
    `kind: ipmi\n${bmc}fetch: {adress: 10.0.0.1}\n`,
    ['3:9 fetch: unknown key "adress"; did you mean "address"?'],
  ],
  [
    'two mistakes at once',
    `kind: ipmi\n${bmc}shell: {prompt: "("}\ntimeouts: {power-s: soon}\n`,
    [
      '3:17 shell.prompt: no regular expression of RE2: missing closing ): `(`',
      '4:21 timeouts.power-s: expected a whole number, not "soon"',
    ],
  ],
  [
    'no password',
    'kind: ipmi\nbmc: {host: h, user: u}\n',
    ['2:6 bmc: where is the password? "password-file" or "password-env" is needed'],
  ],
  [
    'a password in the file',
    'kind: ipmi\nbmc: {host: h, user: u, password-env: SECRET, password: x}\n',
    ['2:47 bmc: unknown key "password"; did you mean "password-env"?'],
  ],
  [
    'kexec without a console',
    'kind: ssh\nhost: h\n',
    [
      '1:1 the console of another kernel cannot be seen: the key "watch" is missing; watch: [PROGRAM, ARGUMENT, ...], or kexec: false to test the running kernel',
    ],
  ],
  [
    'an option for ssh as host',
    'kind: ssh\nhost: -oProxyCommand=x\nkexec: false\n',
    ['2:7 host: must not begin with "-"'],
  ],
];
for (const [name, text, expected] of wrong) {
  test(`description: ${name}`, () => assert.deepEqual(mistakes(text), expected));
}

test('a pseries machine of a job matrix gets the workaround of the built-in ones', () => {
  const spec = {
    name: 'm',
    memoryMb: 1024,
    smp: 1,
    icount: true,
    devices: [],
    extraArgs: [],
    console: 'hvc0',
  };
  const flags = (machine: string, accel: 'tcg' | 'kvm'): string[] =>
    machineOf({ ...spec, machine, accel }).payload.map(({ flag }) => flag);
  assert.deepEqual(flags('pseries,cap-nested-hv=on', 'tcg'), ['--hcall-us=1000']);
  assert.deepEqual(flags('pseries-10.0,x-vof=on', 'tcg'), ['--hcall-us=1000']);
  assert.deepEqual(flags('pseries,cap-nested-papr=on,x-vof=on', 'tcg'), [
    '--hcall-us=1000',
    '--negate-decrementer',
  ]);
  assert.deepEqual(flags('pseries', 'kvm'), []);
  assert.deepEqual(flags('powernv9', 'tcg'), []);
});
