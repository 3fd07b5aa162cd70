// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import fc from 'fast-check';
import { JobError, UsageError } from '../../src/model/errors.js';
import { loadMatrix } from '../../src/jobs/load.js';
import { knownDevices, load, matrix, problemsOf, told } from './jobs-sample.js';

const shipped = (name: string): string =>
  fileURLToPath(new URL(`../../../jobs/${name}.yaml`, import.meta.url));

test('a file with five mistakes shows five positions', () => {
  const text = `# five mistakes
name: pre-pull
kernels:
  - name: unpatched
    sorce: debian:linux-source
    expect: FIAL
  - name: patched
    source: debian:linux-source
    base: unpached
devices: [qemu-pseries-p9, qemu-pseries-p12]
tests:
  - name: busy-guest
    quota-us: [30000, 500]
    period-us: 100000
`;
  assert.equal(
    new JobError(problemsOf(text)).message,
    `/lab/m.yaml:5:5: kernels[0]: unknown key "sorce"; did you mean "source"?
        sorce: debian:linux-source
        ^
/lab/m.yaml:6:13: kernels[0].expect: unknown status "FIAL"; did you mean "FAIL"?
        expect: FIAL
                ^
/lab/m.yaml:9:11: kernels[1].base: no kernel is named "unpached"; did you mean "unpatched"?
        base: unpached
              ^
/lab/m.yaml:10:28: devices[1]: unknown device "qemu-pseries-p12"; did you mean "qemu-pseries-p11"?
    devices: [qemu-pseries-p9, qemu-pseries-p12]
                               ^
/lab/m.yaml:13:23: tests[0].quota-us[1]: must be at least 1000, not 500
        quota-us: [30000, 500]
                          ^`,
  );
});

for (const [name, jobs] of [
  ['smoke', 4],
  ['pre-pull', 20],
  ['nightly', 112],
] as const) {
  test(`jobs/${name}.yaml loads and gives ${jobs} jobs`, () => {
    const file = shipped(name);
    const loaded = loadMatrix(file, readFileSync(file, 'utf8'), { knownDevices });
    assert.equal(loaded.name, name);
    assert.equal(loaded.jobs.length, jobs);
    assert.equal(new Set(loaded.jobs.map((job) => job.name)).size, jobs);
    assert.equal(
      loaded.fix?.add,
      fileURLToPath(new URL('../../../jobs/patches/kvm-hv-xfer-to-guest', import.meta.url)),
    );
    assert.deepEqual(
      loaded.kernels.map((kernel) => [kernel.name, kernel.fix, kernel.base, kernel.expect]),
      [
        ['unpatched', 'absent', undefined, 'FAIL'],
        ['patched', 'present', 'unpatched', 'PASS'],
      ],
    );
  });
}

test('an error in an element of a list points at the element', () => {
  assert.deepEqual(told(matrix({ tests: '[{name: t, quota-us: 30000, vcpus: [1, two, 4]}]' })), [
    '4>two tests[0].vcpus[1]: expected a whole number, not "two"',
  ]);
  assert.deepEqual(told(matrix({ tests: '[{name: t, limits: ["30000 100000", "10 100000"]}]' })), [
    '4>"10 tests[0].limits[1]: the quota must be at least 1000 us, not 10',
  ]);
  assert.deepEqual(
    told(matrix({ devices: '\n  - qemu-powernv8\n  - name: mine\n    machin: powernv9\n' })),
    ['6>machin devices[1]: unknown key "machin"; did you mean "machine"?'],
  );
});

test('a missing key is shown at the map that lacks it, an empty one at its key', () => {
  assert.deepEqual(told('kernels:\n  - name: k\ndevices:\ntests: [{name: t, quota-us: 30000}]\n'), [
    '1>kernels missing key "name"',
    '2>name kernels[0]: kernel "k" needs a "source" or a "package"',
    '3>devices devices: expected a list, but nothing is there',
  ]);
});

test('a value of the wrong type says which type is right', () => {
  assert.deepEqual(told(matrix({ kernels: '[{name: 6.18, source: t, patches: a}]' })), [
    '2>6.18 kernels[0].name: expected a string, not 6.18; put it in quotes',
    '2>a kernels[0].patches: expected a list, not "a"',
  ]);
  assert.deepEqual(told(matrix({ tests: '[{name: t, quota-us: soon}]' })), [
    '4>soon tests[0].quota-us: expected a whole number or a list, not "soon"',
  ]);
});

test('refuses two jobs of the same name', () => {
  const devices = '[{name: b-c, machine: powernv9}, {name: c, machine: powernv9}]';
  const kernels = '[{name: a, source: t}, {name: a-b, source: t}]';
  assert.deepEqual(told(matrix({ kernels, devices })), [
    '2>a-b kernels[1].name: two jobs would have the name "a-b-c-t"; rename this kernel or "a"',
  ]);
});

test('a reference to an entry that is invalid otherwise is no second mistake', () => {
  const kernels = '[{name: k, sauce: t}, {name: p, source: t, base: k}]';
  const tests = '[{name: t, quota-us: 1, vcpus: [1, 2]}]';
  assert.deepEqual(told(matrix({ kernels, tests }, 'exclude: [{test: t-1vcpu}]')), [
    '2>sauce kernels[0]: unknown key "sauce"; did you mean "source"?',
    '4>1 tests[0].quota-us: must be at least 1000, not 1',
  ]);
});

test('--tree that is no kernel source is a usage error', () => {
  const options = { knownDevices, tree: 'debian:UPPER' };
  assert.throws(() => loadMatrix('m.yaml', matrix({}), options), UsageError);
});

test('a damaged file throws nothing but JobError', () => {
  const whole = readFileSync(shipped('nightly'), 'utf8');
  const junk = fc.constantFrom(
    '',
    '[',
    '{',
    '}',
    ': ',
    '\n',
    '- ',
    '*a',
    '&a ',
    '!!set ',
    '"',
    '\t',
    '---\n',
    '__proto__: ',
    '\0',
    '\u001b[2J',
    '|',
  );
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(40), junk, (start, length, inserted) => {
      const text = whole.slice(0, start) + inserted + whole.slice(start + length);
      try {
        load(text);
      } catch (error) {
        assert.ok(error instanceof JobError, `${String(error)} for ${JSON.stringify(text)}`);
        assert.ok(error.problems.length > 0);
        for (const { at } of error.problems) assert.ok(at && at.line >= 1 && at.column >= 1);
      }
    }),
    { numRuns: 300 },
  );
});
