// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import { compiledFiles, coverageFacts } from '../../src/kernels/compiled-files.js';

const { signal } = new AbortController();
const cmd = (target: string, ...files: string[]): string =>
  `savedcmd_${target} := gcc -I../include -c -o ${target} ../${files[0] ?? ''}\n\n` +
  `source_${target} := ../${files[0] ?? ''}\n\ndeps_${target} := \\\n` +
  `    $(wildcard include/config/SMP) \\\n${files.map((one) => `  ../${one} \\\n`).join('')}\n`;

test('compiled is what is linked, what a shared object is made of, and Kconfig; not what an older config left', async (context) => {
  const tree = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(tree, { recursive: true }));
  const obj = join(tree, 'obj');
  const files = {
    'kvm/.hv.o.cmd': cmd('kvm/hv.o', 'kvm/hv.c', 'include/linux/kvm.h'),
    'kvm/.old.o.cmd': cmd('kvm/old.o', 'kvm/old.c'),
    'lib/.sort.o.cmd': cmd('lib/sort.o', 'lib/sort.c'),
    'vdso/.clock.o.cmd': cmd('vdso/clock.o', 'vdso/clock.c'),
    'vdso/.vdso.so.dbg.cmd':
      'savedcmd_vdso/vdso.so.dbg := gcc -shared -o vdso.so.dbg vdso/clock.o\n',
    'scripts/.fixdep.cmd': 'savedcmd_scripts/fixdep := gcc -o scripts/fixdep ../scripts/fixdep.c\n',
    'include/config/auto.conf.cmd':
      'deps_config := \\\n\tKconfig \\\n\tkvm/Kconfig \\\n\ninclude/config/auto.conf: $(deps_config)\n',
    'kvm/hv.o': '',
    'kvm/old.o': '',
    'lib/sort.o': '',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(obj, name)), { recursive: true });
    await writeFile(join(obj, name), text);
  }
  // kbuild's own link, in a circle.
  await symlink('..', join(obj, 'source'));
  execFileSync('ar', ['cDrST', 'vmlinux.a', 'kvm/hv.o'], { cwd: obj });
  execFileSync('ar', ['cDrST', 'lib/lib.a', 'lib/sort.o'], { cwd: obj });
  const toolchain = {
    ...({ kind: 'gcc', choice: '', compiler: 'gcc', versions: [] } as const),
    architecture: usualArchitecture,
  };
  const found = await compiledFiles({ tree, obj, toolchain }, signal);
  assert.deepEqual(
    found.filter((path) => path !== 'include'),
    [
      'Kconfig',
      'include/linux/kvm.h',
      'kvm/Kconfig',
      'kvm/hv.c',
      'lib/sort.c',
      'scripts/fixdep.c',
      'vdso/clock.c',
    ],
  );
});

const patch = (name: string, ...files: string[]) => ({
  name,
  text: files.map((file) => `--- a/${file}\n+++ b/${file}\n@@ -1 +1 @@\n-a\n+b\n`).join(''),
});

test('what a kernel does not contain of its patches: how many files, in which folders, of which patches', async () => {
  const compiled = ['arch/powerpc/kvm/book3s_hv.c', 'arch/powerpc/kvm/Kconfig'];
  const hv = patch('1.patch', 'arch/powerpc/kvm/book3s_hv.c', 'arch/powerpc/kvm/Makefile');
  assert.deepEqual(await coverageFacts([hv], compiled, signal), {
    files_not_compiled: 'none of 2',
  });
  const wide = patch('2.patch', 'arch/x86/kvm/x86.c', 'arch/x86/kvm/mmu.c', 'net/core/dev.c');
  assert.deepEqual(await coverageFacts([hv, wide], compiled, signal), {
    files_not_compiled: '3 of 5: arch/x86/kvm (2), net/core (1)',
    patches_not_compiled: '2.patch',
  });
  // A makefile of a folder of which nothing is built says nothing.
  assert.match(
    (await coverageFacts([patch('m', 'net/Makefile')], compiled, signal))['files_not_compiled'] ??
      '',
    /^1 of 1: net/,
  );
  const gone = { name: '3.patch', text: '--- a/old.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n' };
  assert.deepEqual(await coverageFacts([gone], compiled, signal), {});
  assert.deepEqual(await coverageFacts([], compiled, signal), {});
});
