// SPDX-License-Identifier: MIT
import { relative, resolve } from 'node:path';
import { InfraError } from '../model/errors.js';
import { cacheDir, digest, isInCache, readIfThere, writeWhole } from './files.js';
import { cachedDigest } from './file-facts.js';

/** Writes down what a file of the cache is to hold from now on; `made`: where it lies until then. */
export async function seal(path: string, made = path): Promise<string> {
  const sha256 = await cachedDigest(made);
  // A cache that cannot be written holds no file that was just made.
  await writeWhole(sealOf(path), sha256).catch(() => {});
  return sha256;
}

/**
 * SHA-256 of a file that is about to be booted, hex. Throws InfraError where it lies in the cache and is not what was
 * put there: another kernel would be judged under its name. What an older busyguest has left is taken as it is found.
 */
export async function sealedDigest(path: string): Promise<string> {
  if (!isInCache(path)) return cachedDigest(path);
  const sealed = await readIfThere(sealOf(path));
  if (sealed === undefined) return seal(path);
  const sha256 = await cachedDigest(path);
  if (sha256 === sealed) return sha256;
  throw new InfraError(
    'cache',
    `${path} is not what was put there: its SHA-256 is ${sha256}, not ${sealed}`,
    'find out who changed it; when it is removed, it is made anew',
  );
}

const sealOf = (path: string): string => {
  const name = relative(cacheDir(), resolve(path));
  return cacheDir('known', `${digest('sealed', name).slice(0, 24)}.sha256`);
};
