// SPDX-License-Identifier: MIT
import { JobError } from '../../model/errors.js';

/** Bounds that no kernel package comes near, so that a hostile one cannot fill disk or memory. */
export const limits = {
  /** Of one file, unpacked: a vmlinux with debug information has about 500 MB. */
  memberBytes: 1024 ** 3,
  /** Of everything in an archive, unpacked. */
  archiveBytes: 4 * 1024 ** 3,
  /** Debian's largest kernel package has 4000. */
  members: 100_000,
  nameBytes: 1024,
  /** Of a module, unpacked; it is read into memory. */
  moduleBytes: 64 * 1024 ** 2,
  /** Of a config, modules.dep or modules.builtin. */
  textBytes: 16 * 1024 ** 2,
} as const;

/** The error for a file that will not be used, and why. */
export function refusal(file: string, why: string, hint?: string): JobError {
  return new JobError([
    { message: `${file}: refused: ${why}`, ...(hint !== undefined && { hint }) },
  ]);
}

/** A name from an archive as a message may show it: no control characters, not too long. */
export function shown(name: string): string {
  return JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
}
