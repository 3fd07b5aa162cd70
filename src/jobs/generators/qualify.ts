// SPDX-License-Identifier: MIT
import { nameOf } from '../name.js';
import { usualDevice, usualTest, type MatrixInput } from './generator.js';

/** Kernels that are to be released. */
export interface QualifyOptions {
  /** Each a kernel: one `debian:PACKAGE[@SUITE]`, or the files that belong together. */
  readonly packages: readonly (readonly string[])[];
  /** What each is called; made of its image's file name where left out. */
  readonly names?: readonly (string | undefined)[];
  /** The kernel's name for the architecture of each; where left out, `debian:` names say it, and files are for POWER. */
  readonly architectures?: readonly (string | undefined)[];
  readonly devices?: readonly string[];
  /** How long the guest is watched, the machine's time. */
  readonly seconds?: number;
}

/** Each kernel as it is shipped: it has to keep the limit. */
export function qualify({
  packages,
  names,
  architectures,
  devices,
  seconds,
}: QualifyOptions): MatrixInput {
  return {
    name: 'qualify',
    kernels: packages.map((group, index) => ({
      name: names?.[index] ?? kernelName(group, index),
      package: [...group],
      ...(architectures?.[index] !== undefined && { arch: architectures[index] }),
      expect: 'PASS',
    })),
    devices: [...(devices ?? [usualDevice])],
    tests: [{ ...usualTest, ...(seconds !== undefined && { seconds }) }],
  };
}

/** A name for results: what the package is called, without what names may not hold. */
function kernelName(group: readonly string[], index: number): string {
  // The modules may come first on a command line, and say less.
  const image = /(?:^|\/)(?:linux-(?:image|binary)|kernel)-(?!modules)[^/]*$/;
  const first = (group.find((one) => image.test(one)) ?? group[0] ?? '')
    .replace(/^debian:/, '')
    .replace(/^.*\//, '')
    .replace(/\.(deb|rpm)$/i, '');
  return nameOf(first) || `kernel-${index + 1}`;
}
