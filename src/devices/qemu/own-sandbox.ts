// SPDX-License-Identifier: MIT
import { says } from '../../system/program.js';
import type { QemuBinary } from './binary.js';

/** QEMU's filter of system calls: no programs, no other user, no priorities. The machine is the same with it. */
const filter = [
  '-sandbox',
  'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
];

/** The arguments that turn it on; none for a QEMU that was built without. */
export async function ownSandbox(binary: QemuBinary): Promise<readonly string[]> {
  const can = says([...binary.argv, ...filter, '-M', 'help']).then(
    () => true,
    () => false,
  );
  return (await can) ? filter : [];
}
