// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matrix, told } from './jobs-sample.js';

const mistakes: readonly (readonly [string, string, string])[] = [
  [
    'a base that is itself',
    matrix({ kernels: '[{name: k, source: t, base: k}]' }),
    '2>k kernels[0].base: kernel "k" cannot be its own base',
  ],
  [
    'a second kernel of the name',
    matrix({ kernels: '[{name: k, source: t}, {name: k, source: t}]' }),
    '2>k kernels[1].name: "k" is already the name of kernels[0]',
  ],
  [
    'a second device of the name',
    matrix({ devices: '[qemu-powernv8, qemu-powernv8]' }),
    '3>qemu-powernv8 devices[1]: "qemu-powernv8" is already the name of devices[0]',
  ],
  [
    'a second test of the name',
    matrix({ tests: '[{name: t-1vcpu, quota-us: 30000}, {name: t, quota-us: 30000, vcpus: [1]}]' }),
    '4>t tests[1].name: a second test with the name "t-1vcpu"',
  ],
  [
    'a list with a value twice',
    matrix({ tests: '[{name: t, quota-us: 30000, vcpus: [1, 1]}]' }),
    '4>t tests[0].name: a second test with the name "t-1vcpu"',
  ],
  [
    'a built-in name for a device',
    matrix({ devices: '[{name: qemu-powernv8, machine: powernv9}]' }),
    '3>qemu-powernv8 devices[0].name: "qemu-powernv8" is a built-in device; give yours another name',
  ],
  [
    'icount with kvm',
    matrix({ devices: '[{name: d, machine: powernv9, accel: kvm, icount: true}]' }),
    '3>true devices[0].icount: icount needs accel: tcg',
  ],
  [
    'fix without a fix',
    matrix({ kernels: '[{name: k, source: t, fix: absent}]' }),
    '2>absent kernels[0].fix: this matrix does not say what its fix is; add the key fix with the folders of its patches',
  ],
  [
    'a toolchain for a package',
    matrix({ kernels: '[{name: k, package: a.deb, toolchain: llvm}]' }),
    '2>toolchain kernels[0]: "toolchain" means nothing for kernel "k", which is a package',
  ],
  [
    'a compiler for a toolchain',
    matrix({ kernels: '[{name: k, source: t, toolchain: clang}]' }),
    '2>clang kernels[0].toolchain: "clang" is no toolchain: gcc, llvm, llvm-NN, or a prefix that ends with "-"',
  ],
  [
    'a fragment that is no list',
    matrix({ kernels: '[{name: k, source: t, config: debug}]' }),
    '2>debug kernels[0].config: "debug" is no path of a full .config; fragments are a list: [debug]',
  ],
  [
    'expect-on for a stranger',
    matrix({ kernels: '[{name: k, source: t, expect-on: {qemu-powernv9: FAIL}}]' }),
    '2>qemu-powernv9 kernels[0].expect-on: no device of this matrix is named "qemu-powernv9"; did you mean "qemu-powernv8"?',
  ],
  [
    'no limit',
    matrix({ tests: '[{name: t}]' }),
    '4>{name tests[0]: missing key "quota-us" (or "limits")',
  ],
  [
    'two ways of a limit',
    matrix({ tests: '[{name: t, quota-us: 3000, limits: "3000 10000"}]' }),
    '4>limits tests[0]: "limits" and "quota-us" exclude each other',
  ],
  [
    'a limit that is none',
    matrix({ tests: '[{name: t, limits: max 100000}]' }),
    '4>max tests[0].limits: "max 100000" is not "QUOTA PERIOD" in microseconds, such as "30000 100000"',
  ],
  [
    'a period out of bounds',
    matrix({ tests: '[{name: t, limits: 30000 2000000}]' }),
    '4>30000 tests[0].limits: the period must be 1000 to 1000000 us, not 2000000',
  ],
  [
    'a quota too large',
    matrix({ tests: '[{name: t, quota-us: 100000, vcpus: [1, 2]}]' }),
    '4>100000 tests[0].quota-us: a quota of 100000 us limits nothing: a guest with 1 vCPU cannot use more than 100000 us a period of 100000 us',
  ],
  [
    'a period too short for any answer',
    matrix({ tests: '[{name: t, limits: [30000 100000, 1000 2000]}]' }),
    '4>1000 tests[0].limits[1]: a quota of 1000 us cannot be told from no limit with a tick of 4000 us: this period is too short for any',
  ],
  [
    'a quota too near to a whole CPU',
    matrix({ tests: '[{name: t, quota-us: [90000, 95000], period-us: 100000}]' }),
    '4>95000 tests[0].quota-us[1]: a quota of 95000 us cannot be told from no limit with a tick of 4000 us: at most 94199 us can be told',
  ],
  [
    'two vCPUs that share a CPU',
    matrix({ tests: '[{name: t, quota-us: 150000, vcpus: 2, cpus: 1}]' }),
    '4>150000 tests[0].quota-us: a quota of 150000 us cannot be told from no limit with a tick of 4000 us: at most 94199 us can be told',
  ],
  [
    "cases that are not about QEMU's guest",
    matrix({ tests: '[{name: t, quota-us: 30000, vmm: qemu, cases: [guest_stays_in_kernel]}]' }),
    '4>[guest_stays_in_kernel tests[0].cases: with "vmm" only the basic cases are about QEMU\'s guest, not guest_stays_in_kernel',
  ],
  [
    "tags of cases that are not about QEMU's guest",
    matrix({ tests: '[{name: t, quota-us: 30000, vmm: qemu, tags: [exits]}]' }),
    '4>[exits tests[0].tags: with "vmm" only the basic cases are about QEMU\'s guest, not exiting_guest_obeys_quota and 4 more',
  ],
  [
    'a window too short',
    matrix({ tests: '[{name: t, quota-us: 30000, period-us: 1000000, seconds: 4}]' }),
    '4>4 tests[0].seconds: 4 s are too short a window: less than 5 periods of 1000000 us',
  ],
  [
    'no seconds',
    matrix({ tests: '[{name: t, quota-us: 30000, seconds: 0}]' }),
    '4>0 tests[0].seconds: must be at least 1, not 0',
  ],
  [
    'a second more than the payload takes',
    matrix({ tests: '[{name: t, quota-us: 30000, seconds: 601}]' }),
    '4>601 tests[0].seconds: must be at most 600, not 601',
  ],
  [
    'a vCPU more than the payload takes',
    matrix({ tests: '[{name: t, quota-us: 30000, vcpus: [1, 17]}]' }),
    '4>17 tests[0].vcpus[1]: must be at most 16, not 17',
  ],
  [
    'CPUs that a device of the matrix does not have',
    matrix({
      devices: '[qemu-powernv8, {name: d, machine: powernv9, smp: 2}]',
      tests: '[{name: t, quota-us: 30000, cpus: 4}, {name: u, quota-us: 3000, cpus: 2}]',
    }),
    '4>4 tests[0].cpus: cpus: 4 on device "d", which has smp: 2; say smp: 4 in the device',
  ],
  [
    'more vCPUs than CPUs of a device of the matrix',
    matrix({
      kernels: '[{name: k, source: tree}, {name: l, source: tree}]',
      devices: '[qemu-powernv8, {name: d, machine: powernv9}]',
      tests: '[{name: t, quota-us: 30000, vcpus: [1, 4]}]',
    }),
    '4>4 tests[0].vcpus[1]: 4 vCPUs on device "d", which has smp: 1; say smp: 4 in the device',
  ],
  [
    'too many jobs',
    matrix({
      tests: `[${Array.from({ length: 5 }, (_, i) => `{name: t${i}, quota-us: [${list(50)}], seconds: [${list(50, 1)}]}`).join(', ')}]`,
    }),
    '4>tests the matrix expands to 12500 jobs; at most 10000 are allowed',
  ],
  [
    'a name that is none',
    matrix({ kernels: '[{name: ../k, source: t}]' }),
    '2>../k kernels[0].name: "../k" is not a name: use a-z, 0-9, ".", "_", "-", and begin with a letter or digit',
  ],
  [
    'an unknown enum value',
    matrix({ devices: '[{name: d, machine: powernv9, accel: tgc}]' }),
    '3>tgc devices[0].accel: unknown value "tgc"; valid: tcg, kvm',
  ],
  [
    'a source with another scheme',
    matrix({ kernels: '[{name: k, source: "debain:linux"}]' }),
    '2>"debain kernels[0].source: unknown kind of kernel source "debain:linux"; write PATH, PATH#REF, git+URL#REF or debian:PACKAGE[@SUITE]',
  ],
  [
    'a regular expression that is none',
    matrix({}, 'known-faults: [{title: "(", reason: r}]'),
    '5>" known-faults[0].title: no regular expression of RE2: missing closing ): `(`',
  ],
  [
    'a regular expression for all',
    matrix({}, 'known-faults: [{title: ".*", reason: r}]'),
    '5>".* known-faults[0].title: the expression ".*" accepts every fault',
  ],
  [
    'an empty exclude',
    matrix({}, 'exclude: [{}]'),
    '5>{ exclude[0]: an empty exclude would leave out everything',
  ],
  [
    'exclude of a stranger',
    matrix({}, 'exclude: [{device: qemu-powernv9}]'),
    '5>qemu-powernv9 exclude[0].device: no device of this matrix is named "qemu-powernv9"; did you mean "qemu-powernv8"?',
  ],
  [
    'exclude of everything',
    matrix({}, 'exclude: [{kernel: k}]'),
    '5>exclude exclude leaves no job',
  ],
  [
    'a tall boot deadline',
    matrix({}, 'timeouts: {boot-s: 1000000}'),
    '5>1000000 timeouts.boot-s: must be at most 86400, not 1000000',
  ],
];

for (const [name, text, expected] of mistakes) {
  test(`refuses ${name}`, () => assert.deepEqual(told(text), [expected]));
}

function list(length: number, first = 1000): string {
  return Array.from({ length }, (_, index) => first + index).join(', ');
}
