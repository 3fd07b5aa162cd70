// SPDX-License-Identifier: MIT
import { prePullDevices, usualTest, type MatrixInput } from './generator.js';

/** What a nightly run follows. */
export interface NightlyOptions {
  /** Kernel source, as `git+https://HOST/linux.git#master`. */
  readonly source: string;
  readonly devices?: readonly string[];
}

/** One kernel as it is, on every device, with a guest under several limits. */
export function nightly({ source, devices }: NightlyOptions): MatrixInput {
  return {
    name: 'nightly',
    kernels: [{ name: 'tip', source }],
    devices: [...(devices ?? [...prePullDevices, 'qemu-powernv11'])],
    tests: [
      {
        name: usualTest.name,
        // One vCPU: what QEMU does to several is in docs/devices.md.
        vcpus: 1,
        limits: ['10000 100000', '30000 100000', '50000 100000', '5000 20000'],
      },
    ],
  };
}
