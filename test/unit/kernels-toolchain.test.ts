// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { checkAge, findToolchain, isOlder, type Toolchain } from '../../src/kernels/toolchain.js';
import { InfraError } from '../../src/model/errors.js';

import { noSandbox } from './needs-sandbox.js';

const signal = new AbortController().signal;

/** A folder of programs that only say their version; the environment is as it was afterwards. */
async function tools(context: TestContext, names: readonly string[]): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  const before = { ...process.env };
  context.after(() => {
    process.env = before;
    return rm(dir, { recursive: true });
  });
  for (const name of names) {
    await writeFile(join(dir, name), `#!/bin/sh\necho "${name} (Test) 9.8.7"\n`);
    await chmod(join(dir, name), 0o755);
  }
  process.env['PATH'] = `${dir}:${before['PATH'] ?? ''}`;
  delete process.env['LLVM'];
  delete process.env['CROSS_COMPILE'];
  return dir;
}

const choice = ({ kind, choice: chosen, compiler }: Toolchain): string =>
  `${kind} ${chosen} ${compiler}`;

test('a matrix names gcc, a prefix, llvm or a version of it; else the environment, as for make', async (context) => {
  const names = ['clang', 'ld.lld', 'clang-99', 'ld.lld-99', 'my-gcc', 'my-ld'];
  const dir = await tools(context, names);
  assert.equal(choice(await findToolchain('llvm')), 'llvm 1 clang');
  assert.equal(choice(await findToolchain('llvm-99')), 'llvm -99 clang-99');
  assert.equal(choice(await findToolchain('my-')), 'gcc my- my-gcc');
  assert.deepEqual((await findToolchain('my-')).versions, [
    'my-gcc (Test) 9.8.7',
    'my-ld (Test) 9.8.7',
  ]);
  process.env['CROSS_COMPILE'] = 'my-';
  assert.equal(choice(await findToolchain()), 'gcc my- my-gcc');
  process.env['LLVM'] = '-99';
  assert.equal(choice(await findToolchain()), 'llvm -99 clang-99');
  process.env['LLVM'] = `${dir}/`;
  assert.equal(choice(await findToolchain()), `llvm ${dir}/ ${dir}/clang`);
  assert.equal(
    choice(await findToolchain('my-')),
    'gcc my- my-gcc',
    'the matrix has the last word',
  );
});

test('a toolchain that is not there is the lab, and the missing program is named', async (context) => {
  await tools(context, ['clang-98', 'odd-gcc']);
  await assert.rejects(findToolchain('odd-'), (error) => {
    return error instanceof InfraError && /the linker odd-ld is missing/.test(error.message);
  });
  await assert.rejects(findToolchain('llvm-97'), (error) => {
    return (
      error instanceof InfraError && /clang-97/.test(error.message) && /lld/.test(error.todo ?? '')
    );
  });
});

const script = `#!/bin/sh
case "$1" in
gcc) if [ "$ARCH" = parisc64 ]; then echo 12.0.0; else echo 8.1.0; fi ;;
llvm) if [ "$SRCARCH" = loongarch ]; then echo 18.0.0; else echo 17.0.1; fi ;;
esac`;
const source = (text: string | undefined): PinnedSource => ({
  id: 'x',
  label: 'Linux X',
  readFile: () =>
    Promise.resolve(
      text === undefined ? undefined : { mode: '100755', content: Buffer.from(text) },
    ),
  copyTo: () => Promise.resolve(),
  copyFiles: () => Promise.resolve(),
});
const has = (kind: 'gcc' | 'llvm', version: string): Toolchain => ({
  kind,
  architecture: usualArchitecture,
  choice: '',
  compiler: '',
  versions: [version],
});

test('a compiler that is too old for a kernel is told before the build, with the version it needs', async () => {
  const old = has('llvm', 'Debian clang version 14.0.6');
  await assert.rejects(checkAge(old, source(script), signal), (error) => {
    assert.ok(error instanceof InfraError);
    assert.equal(error.message, 'Linux X needs LLVM 17.0.1 or newer, this is 14.0.6');
    return /llvm-NN/.test(error.todo ?? '');
  });
  const gcc = has('gcc', 'powerpc64le-linux-gnu-gcc (Debian 7.9.0-1) 7.9.0');
  await assert.rejects(checkAge(gcc, source(script), signal), /needs gcc 8\.1\.0 or newer/);
  await checkAge(has('llvm', 'clang version 17.0.1'), source(script), signal);
  await checkAge(
    has('gcc', 'gcc (GCC) 14.2.1 20240801 (Red Hat 14.2.1-1)'),
    source(script),
    signal,
  );
  // A tree of before 5.12 does not say.
  await checkAge(old, source(undefined), signal);
});

test(
  'the script that says which compiler a tree needs runs in the cage',
  { skip: noSandbox },
  async (context) => {
    const dir = await tools(context, []);
    const [secret, mark] = [join(dir, 'secret'), join(dir, 'mark')];
    await writeFile(secret, 'canary');
    process.env['LAVA_TOKEN'] = 'canary';
    const says = 'echo 99.0.0; exit';
    const attacks = [
      `[ -n "$LAVA_TOKEN" ] && { ${says}; }`,
      `cat ${secret} > /dev/null && { ${says}; }`,
      `echo got through > ${mark} && { ${says}; }`,
      `[ "$(id -u)" = 0 ] && { ${says}; }`,
    ];
    const gcc = has('gcc', 'gcc (GCC) 14.2.1');
    await assert.rejects(checkAge(gcc, source(says), signal), /needs gcc 99\.0\.0/);
    for (const attack of attacks) await checkAge(gcc, source(attack), signal);
  },
);

test('versions are compared by number', () => {
  assert.ok(isOlder('9.10.0', '10.2'));
  assert.ok(isOlder('17.0.0', '17.0.1'));
  assert.ok(!isOlder('17.0.1', '17.0.1'));
  assert.ok(!isOlder('100.0', '20.9.9'));
});
