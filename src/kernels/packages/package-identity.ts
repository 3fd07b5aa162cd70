// SPDX-License-Identifier: MIT
import { open, stat } from 'node:fs/promises';
import { JobError } from '../../model/errors.js';
import { fileKind } from './archive.js';
import { debFields } from './deb.js';
import { rpmFields } from './rpm.js';

/** What a package says that it is. */
export interface PackageIdentity {
  /** Such as `linux-image-6.12.107+deb13-powerpc64le`, or `kernel-core`. */
  readonly name: string;
  /** With the packager's revision: `6.12.107-1`. */
  readonly version: string;
  /** As Debian or RPM call it; empty where it is not said in a word. */
  readonly architecture: string;
}

/** What names and versions are made of, in Debian and in RPM. */
const word = /^[\w.+~:^-]{1,128}$/;

/**
 * Name and version of a .deb or .rpm, from the few bytes that say so. Undefined for anything else, and where the
 * package does not say it in words: it is for names only, and whoever unpacks the package says what is wrong with it.
 */
export async function packageIdentity(
  file: string,
  signal: AbortSignal,
): Promise<PackageIdentity | undefined> {
  // Who opens a pipe waits for it.
  const kind = (await stat(file)).isFile() ? await fileKind(file) : 'other';
  if (kind === 'other') return undefined;
  await using handle = await open(file);
  try {
    const fields = await (kind === 'deb' ? debFields : rpmFields)(file, handle, signal);
    if (!fields || !word.test(fields.name) || !word.test(fields.version)) return undefined;
    const { architecture } = fields;
    return { ...fields, architecture: /^\w{1,32}$/.test(architecture) ? architecture : '' };
  } catch (error) {
    if (error instanceof JobError) return undefined;
    throw error;
  }
}
