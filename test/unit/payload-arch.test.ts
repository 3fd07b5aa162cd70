// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectDir } from '../../src/system/files.js';

const payload = join(projectDir, 'guest-images', 'busy-guest');
const sources = (readdirSync(payload, { recursive: true }) as string[]).filter((file) =>
  /\.[chS]$|(?:^|\/)(?:Makefile|config)$/.test(file),
);
const ofOne = sources.filter((file) => file.startsWith('arch/'));
const architectures = readdirSync(join(payload, 'arch'));

/** Architectures, and words that only one of them has. */
const names =
  /\b(?:powerpc|ppc\w*|POWER\d*|PAPR|pSeries|arm64|aarch64|PSCI|GIC\w*|risc-?v\w*|SBI|x86\w*|amd64|SVM|VMX|KVM-(?:HV|PR)|H_[A-Z]+)\b/;

test("nothing of the payload outside of arch/ names an architecture or uses its KVM's numbers", () => {
  const wrong = sources
    .filter((file) => !ofOne.includes(file))
    .flatMap((file) => {
      const lines = readFileSync(join(payload, file), 'utf8').split('\n');
      return lines.filter((line) => names.test(line)).map((line) => `${file}: ${line.trim()}`);
    });
  assert.deepEqual(wrong, []);
  assert.ok(sources.length - ofOne.length > 60);
});

test('that words of one architecture are found there shows that they would be found elsewhere', () => {
  for (const name of architectures) {
    const text = ofOne
      .filter((file) => file.startsWith(`arch/${name}/`))
      .map((file) => readFileSync(join(payload, file), 'utf8'));
    assert.match(text.join(''), names, name);
  }
});

test('each architecture has the same files, a config of its own, and its registers are tested', () => {
  const makefile = readFileSync(join(projectDir, 'guest-images/host-test/Makefile'), 'utf8');
  const needed = ['config', 'guest.c', 'machine.c', 'registers.c', 'spin.S', 'values.h'];
  assert.deepEqual(architectures.sort(), ['arm64', 'powerpc', 'riscv', 'x86']);
  for (const name of architectures) {
    assert.deepEqual(
      needed.filter((file) => !ofOne.includes(`arch/${name}/${file}`)),
      [],
      name,
    );
    assert.match(makefile, new RegExp(`^COMPARED_${name} := \\d+$`, 'm'));
  }
});

test('each turn is compared with what the header says of it: no value is in spin.S alone', () => {
  for (const name of architectures) {
    const [values, spin] = ['values.h', 'spin.S'].map((file) =>
      readFileSync(join(payload, 'arch', name, file), 'utf8'),
    );
    const defined = [...(values ?? '').matchAll(/^#define (\w+_VALUE)\b/gm)].map(([, one]) => one);
    assert.ok(defined.length > 3, name);
    for (const one of defined) assert.ok((spin ?? '').includes(one ?? ''), `${name}: ${one}`);
  }
});
