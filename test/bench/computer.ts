// SPDX-License-Identifier: MIT
import { cpus, loadavg, release, totalmem } from 'node:os';
import { findQemu } from '../../src/devices/qemu/binary.js';

/** The computer that the figures are of, and how busy it is, on one line. */
export async function describeComputer(): Promise<string> {
  const qemu = await findQemu();
  const [load = 0] = loadavg();
  return [
    `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`,
    `${Math.round(totalmem() / 2 ** 30)} GiB`,
    `Linux ${release()}`,
    `Node.js ${process.version}`,
    qemu?.versionText ?? 'no QEMU',
    `load ${load.toFixed(1)} before`,
  ].join(', ');
}
