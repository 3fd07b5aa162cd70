// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  architectureOfPackage,
  architectures,
  qemuMachines,
} from '../../src/architectures/architectures.js';
import { FaultReader } from '../../src/console/fault-reader.js';
import { guestEntry } from '../../src/payload/busy-guest/guest-entry.js';
import { projectDir } from '../../src/system/files.js';

const words = architectures.flatMap(({ name, word, node, uname, debian, triplet, lava, qemu }) => [
  ...[name, word, node, uname, debian, lava, qemu.program, qemu.variable],
  ...[triplet, `${triplet}-`, `${triplet}-gcc`],
]);

test('names, machines and the kinds of KVM are of one architecture each', () => {
  const kinds = architectures.flatMap(({ kvm }) => kvm.kinds);
  const names = qemuMachines.map(({ name }) => name);
  for (const list of [architectures.map(({ name }) => name), kinds, names])
    assert.deepEqual([...new Set(list)], list);
  for (const { name, machines, everyPath } of architectures) {
    assert.ok(machines.every(({ architecture }) => architecture === name));
    assert.ok(everyPath.length > 0 && everyPath.every((path) => names.includes(path)));
  }
});

/** Texts that say it to a person: of the environment, and of one known bug. */
const mayName: Readonly<Record<string, readonly string[]>> = {
  'cli/manual/tables.ts': ['BUSYGUEST_QEMU'],
};

test('nothing outside of its room acts on the name of an architecture', () => {
  const src = join(projectDir, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.startsWith('architectures/'),
  );
  assert.ok(files.length > 200);
  const named = files.flatMap((file) => {
    const literals = readFileSync(join(src, file), 'utf8').matchAll(/(['"`])([\w.-]+)\1/g);
    return [...literals].flatMap(([, , text = '']) =>
      words.includes(text) && !mayName[file]?.includes(text) ? [`${file}: ${text}`] : [],
    );
  });
  assert.deepEqual(named, []);
});

test("a Debian package's name says its architecture", () => {
  for (const [name, architecture] of Object.entries({
    'linux-image-powerpc64le': 'powerpc',
    'linux-image-6.12.107+deb13-powerpc64le-64k': 'powerpc',
    'linux-image-amd64': 'x86',
    'linux-image-6.12.117+deb13-cloud-amd64': 'x86',
    'linux-image-rt-arm64': 'arm64',
    'linux-image-7.2.13+deb14-arm64-16k': 'arm64',
    'linux-image-riscv64': 'riscv',
    'linux-image-*-riscv64': 'riscv',
  })) {
    assert.equal(architectureOfPackage(name).name, architecture, name);
  }
});

test('the kind of KVM says where a guest entry is decided about', () => {
  const entry = (facts: Record<string, string>): string | undefined =>
    guestEntry({ payloadFacts: facts });
  assert.equal(entry({ kvm: 'SVM' }), 'vcpu_run() (arch/x86/kvm/x86.c)');
  assert.equal(entry({ kvm: 'pKVM' }), 'kvm_arch_vcpu_ioctl_run() (arch/arm64/kvm/arm.c)');
  assert.equal(entry({ kvm: 'H' }), 'kvm_arch_vcpu_ioctl_run() (arch/riscv/kvm/vcpu.c)');
  assert.match(entry({ kvm: 'HV', cpu: 'POWER8' }) ?? '', /^kvmppc_run_vcpu\(\)/);
  assert.equal(entry({ kvm: '/dev/kvm: No such file or directory' }), undefined);
});

/** As the sources of Linux 7.2 print it. */
const oopses: readonly (readonly [title: string, lines: string])[] = [
  [
    'BUG: kernel NULL pointer dereference in kvm_vcpu_run',
    `[    3.1] BUG: kernel NULL pointer dereference, address: 0000000000000008
[    3.1] #PF: supervisor read access in kernel mode
[    3.1] Oops: Oops: 0000 [#1] SMP NOPTI
[    3.1] RIP: 0010:kvm_vcpu_run+0x1a/0x40 [kvm]`,
  ],
  [
    'Oops: general protection fault, probably for non-canonical in vcpu_run',
    `[    3.1] Oops: general protection fault, probably for non-canonical address 0xdead000000000100: 0000 [#1] SMP
[    3.1] RIP: 0010:vcpu_run+0x1a/0x40`,
  ],
  [
    'Unable to handle kernel NULL pointer dereference in kvm_arch_vcpu_ioctl_run',
    `[    3.1] Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010
[    3.1] Mem abort info:
[    3.1] Internal error: Oops: 0000000096000004 [#1]  SMP
[    3.1] pc : kvm_arch_vcpu_ioctl_run+0x10/0x20`,
  ],
  [
    'nVHE hyp BUG at: arch/arm64/kvm/hyp/nvhe/mem_protect.c:100',
    '[    3.1] kvm [1]: nVHE hyp BUG at: arch/arm64/kvm/hyp/nvhe/mem_protect.c:100!',
  ],
  [
    'Unable to handle kernel paging request in kvm_riscv_gstage_map',
    `[    3.1] Unable to handle kernel paging request at virtual address ffffffd600000000
[    3.1] Oops [#1]
[    3.1] epc : kvm_riscv_gstage_map+0x10/0x20`,
  ],
];

for (const [title, lines] of oopses) {
  test(`a fault of another architecture is one fault with its name: ${title}`, () => {
    const reader = new FaultReader();
    for (const line of lines.split('\n')) reader.feed(line, 'test');
    assert.deepEqual(
      reader.end().map((fault) => fault.title),
      [title],
    );
  });
}
