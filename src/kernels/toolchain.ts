// SPDX-License-Identifier: MIT
import { arch } from 'node:os';
import { firstLine } from '../system/processes.js';
import { InfraError } from '../model/errors.js';

/** The compiler for ppc64le and what identifies it. */
export interface Toolchain {
  /** Prefix of the tools' names, as the kernel's Makefile wants it; empty on a POWER host. */
  readonly crossCompile: string;
  /** First lines of `gcc --version` and `ld --version`. */
  readonly versions: readonly string[];
  /** Whether ccache is there. */
  readonly ccache: boolean;
}

/** The prefix: $CROSS_COMPILE, else the cross compiler, or none on a little-endian POWER host. */
export function crossCompile(): string {
  const asked = process.env['CROSS_COMPILE'];
  if (asked !== undefined) return asked;
  return arch() === 'ppc64' ? '' : 'powerpc64le-linux-gnu-';
}

/** Finds the toolchain. Throws InfraError when the compiler is missing. */
export async function findToolchain(): Promise<Toolchain> {
  const prefix = crossCompile();
  const [gcc, ld, ccache] = await Promise.all([
    firstLine([`${prefix}gcc`, '--version']),
    firstLine([`${prefix}ld`, '--version']),
    firstLine(['ccache', '--version']),
  ]);
  if (gcc === undefined || ld === undefined) {
    throw new InfraError(
      'build',
      `the compiler ${prefix}gcc is missing or does not run`,
      'run "busyguest doctor": it shows the line that installs it',
    );
  }
  return { crossCompile: prefix, versions: [gcc, ld], ccache: ccache !== undefined };
}
