// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { BuildPlan } from '../../src/kernels/build.js';
import { treeInCache } from '../../src/kernels/debian-source.js';
import { buildSelftests } from '../../src/kernels/selftests.js';
import type { Patch } from '../../src/kernels/series.js';
import { programPath } from '../../src/system/program.js';
import { noSandbox } from './needs-sandbox.js';
import { ownCache } from './own-cache.js';

const { signal } = new AbortController();
const missing = (await programPath('rsync')) === undefined && 'rsync is missing';

// As a kernel's, `make headers` runs makefiles of folders that no selftest is made of.
const files: Readonly<Record<string, string>> = {
  Makefile:
    'headers:\n\t@mkdir -p $(O)/usr\n\t@$(MAKE) -s -f $(CURDIR)/arch/powerpc/kernel/syscalls/Makefile\n',
  'arch/powerpc/kernel/syscalls/Makefile': 'all:\n\t@echo honest > $(O)/usr/header.h\n',
  'tools/testing/selftests/Makefile':
    'install:\n\t@mkdir -p $(KSFT_INSTALL_PATH)\n\t@cat $(O)/usr/header.h t > $(KSFT_INSTALL_PATH)/test\n\t@echo $(TARGETS):test > $(KSFT_INSTALL_PATH)/kselftest-list.txt\n',
  'tools/testing/selftests/t': 'one\n',
  'tools/testing/selftests/c/Makefile': '',
};
const patch = (path: string, from: string, to: string): Patch => ({
  name: `${to}.patch`,
  text: `--- a/${path}\n+++ b/${path}\n@@ -1${path.endsWith('t') ? '' : ',2'} +1${path.endsWith('t') ? '' : ',2'} @@\n${path.endsWith('t') ? '' : ' all:\n'}-${from}\n+${to}\n`,
});
const evil = patch(
  'arch/powerpc/kernel/syscalls/Makefile',
  '\t@echo honest > $(O)/usr/header.h',
  '\t@echo evil > $(O)/usr/header.h',
);

test(
  'what a series has selftests built with stays its own, however little of them it touches',
  { skip: noSandbox || missing },
  async (context) => {
    const { cache } = await ownCache(context);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(cache, 'sources/s', path)), { recursive: true });
      await writeFile(join(cache, 'sources/s', path), text);
    }
    const source = treeInCache('s', 's', join(cache, 'sources/s'));
    const installed = async (...patches: Patch[]): Promise<string> => {
      const plan = { source, chosen: { patches }, kernel: { name: 'k' }, key: 'k' };
      const { dir, tests } = await buildSelftests(
        plan as unknown as BuildPlan,
        'c',
        signal,
        () => undefined,
      );
      assert.deepEqual(tests, ['c:test']);
      return readFile(join(dir, 'test'), 'utf8');
    };
    await installed(evil);
    assert.equal(await installed(), 'honest\none\n');
    const own = patch('tools/testing/selftests/t', 'one', 'two');
    assert.equal(await installed(own, evil), 'honest\ntwo\n');
    assert.equal(await installed(evil, own), 'evil\ntwo\n');
    // A program with the set-user-ID bit is one for whoever gets to it.
    for (const kind of ['trees', 'selftests'])
      assert.equal((await stat(join(cache, kind))).mode & 0o777, 0o700, kind);
  },
);
