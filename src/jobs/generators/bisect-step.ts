// SPDX-License-Identifier: MIT
import { usualTest, type MatrixInput } from './generator.js';

/** One commit to be told good or bad. */
export interface BisectStepOptions {
  readonly source: string;
  readonly device?: string;
}

/** One kernel on one device: PASS is good. */
export function bisectStep({ source, device = 'qemu-pseries-p9' }: BisectStepOptions): MatrixInput {
  return {
    name: 'bisect-step',
    kernels: [{ name: 'commit', source }],
    devices: [device],
    tests: [usualTest],
  };
}
