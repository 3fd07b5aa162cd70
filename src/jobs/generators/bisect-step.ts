// SPDX-License-Identifier: MIT
import { usualDevice, usualTest, type MatrixInput } from './generator.js';

/** One commit or one package to be told good or bad. */
export type BisectStepOptions = { readonly device?: string } & (
  { readonly source: string } | { readonly package: readonly string[] }
);

/** One kernel on one device: PASS is good. */
export function bisectStep({ device = usualDevice, ...kernel }: BisectStepOptions): MatrixInput {
  return {
    name: 'bisect-step',
    kernels: [
      'source' in kernel
        ? { name: 'commit', source: kernel.source }
        : { name: 'package', package: [...kernel.package] },
    ],
    devices: [device],
    tests: [usualTest],
  };
}
