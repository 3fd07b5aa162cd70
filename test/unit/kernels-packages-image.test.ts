// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import { unpackImage } from '../../src/kernels/packages/kernel-image.js';

for (const [at, magic, wanted] of [
  [0x202, 'HdrS', /vmlinuz-6\.12-amd64: a kernel for x86 \(amd64\): not for ppc64le/],
  [0x38, 'ARMd', /a kernel for arm64: not for ppc64le/],
  [0, 'text', /no kernel image for POWER \(ppc64le\): no vmlinux or zImage/],
] as const) {
  test(`a kernel of another architecture is refused in words: ${magic}`, async (context) => {
    const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
    context.after(() => rm(dir, { recursive: true }));
    const image = Buffer.alloc(4096);
    image.write(magic, at, 'latin1');
    const from = join(dir, 'image');
    await writeFile(from, image);
    const { signal } = new AbortController();
    await assert.rejects(
      unpackImage(from, 'vmlinuz-6.12-amd64', join(dir, 'out'), {
        architecture: usualArchitecture,
        signal,
      }),
      wanted,
    );
  });
}
