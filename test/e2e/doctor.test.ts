// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, start } from '../integration/cli.js';

test('doctor names the QEMU that runs take, and the one of the system where that is another', async (context) => {
  const qemu = join(await folder(context), 'qemu');
  // A version that no system has: which QEMU is the newest is not for this test.
  const version = 'QEMU emulator version 99.1.0 (none)';
  await writeFile(qemu, `#!/bin/sh\necho "${version}"\n`, { mode: 0o755 });
  const lineOf = async (env: Record<string, string>): Promise<string> => {
    const { stdout } = await start(['doctor'], env).ended;
    return /^qemu-system-ppc64 +(.*)$/m.exec(stdout)?.[1] ?? stdout;
  };
  const own = await lineOf({ BUSYGUEST_QEMU: 'qemu-system-ppc64' });
  const used = await lineOf({ BUSYGUEST_QEMU: qemu });
  const isThere = own.startsWith('QEMU emulator version ');
  assert.equal(used, `${version}, which runs take${isThere ? `; the system has ${own}` : ''}`);
  assert.doesNotMatch(own, /which runs take/);
});
