// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { findQemu } from '../../src/devices/qemu/binary.js';

/** The QEMU that busyguest takes here. */
export async function qemuPath(): Promise<string> {
  const binary = await findQemu();
  assert.ok(binary, 'no qemu-system-ppc64 here');
  return binary.program;
}
