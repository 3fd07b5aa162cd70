// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, start } from '../integration/cli.js';

/** A QEMU that knows some machines: which ones that of this computer knows is not for this test. */
const qemu = (machines: string): string => `#!/bin/sh
case "$*" in
--version) echo "QEMU emulator version 9.9.0 (none)" ;;
"-cpu help") printf 'PowerPC %s\\n' power8 power9 power10 power11 ;;
"-M pseries,help") printf '  %s=<x>\\n' cap-cfpc cap-sbbc cap-ibs cap-ccf-assist cap-nested-hv cap-nested-papr ;;
"-M help") printf '%s   a machine\\n' ${machines} ;;
esac
`;

test('devices --quiet names what a newer QEMU would bring, and the line for it', async (context) => {
  const file = join(await folder(context), 'qemu');
  const said = async (machines: string): Promise<string> => {
    await writeFile(file, qemu(machines), { mode: 0o755 });
    const { code, stdout, stderr } = await start(['devices', '--quiet'], { BUSYGUEST_QEMU: file })
      .ended;
    assert.equal(code, 0, stderr);
    assert.equal(stdout, '');
    return stderr;
  };
  assert.equal(
    await said('pseries powernv8 powernv9 powernv10'),
    'busyguest: QEMU 9.9.0 is too old for qemu-powernv11; a newer one: busyguest devices --fetch-qemu\n',
  );
  assert.equal(await said('pseries powernv8 powernv9 powernv10 powernv11'), '');
});
