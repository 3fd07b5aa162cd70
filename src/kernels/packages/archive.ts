// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { InfraError, InterruptedError } from '../../model/errors.js';
import { openInput } from '../../system/input.js';
import { ByteReader } from './byte-reader.js';
import { cpioMembers } from './cpio-reader.js';
import { debData, debMagic } from './deb.js';
import { decompressed } from './decompress.js';
import { safeName, type Member } from './member.js';
import { limits, refusal, shown } from './refusal.js';
import { rpmMagic, rpmPayload } from './rpm.js';
import { tarMembers } from './tar.js';

/** Says whether a file of a package is needed, by its name below the root. */
export type Wanted = (name: string) => boolean;

/** What a file is, by its first bytes. */
export type FileKind = 'deb' | 'rpm' | 'other';

/** Tells packages from other files. */
export async function fileKind(file: string): Promise<FileKind> {
  const handle = await openInput(file);
  try {
    const start = Buffer.alloc(debMagic.length);
    await handle.read(start, 0, start.length, 0);
    if (start.equals(debMagic)) return 'deb';
    return start.subarray(0, rpmMagic.length).equals(rpmMagic) ? 'rpm' : 'other';
  } finally {
    await handle.close();
  }
}

/**
 * Writes the wanted files of a .deb or .rpm below `dir`, which must be new; nothing is written
 * elsewhere, and no link is made or followed. Gives their names with where they are now. Reads
 * the package to its end and throws JobError when any part of it is hostile or damaged, wanted
 * or not; `dir` is to be thrown away then. Throws InfraError, InterruptedError.
 */
export async function extract(
  file: string,
  wanted: Wanted,
  dir: string,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const handle = await openInput(file);
  const kind = await fileKind(file);
  if (kind === 'other') throw refusal(file, 'it is no .deb and no .rpm');
  try {
    const packed = await (kind === 'deb' ? debData : rpmPayload)(file, handle);
    const reader = new ByteReader(decompressed(packed, { file, signal }), file);
    try {
      const members = kind === 'deb' ? tarMembers(reader) : cpioMembers(reader);
      return await writeWanted(members, wanted, { file, dir, signal });
    } finally {
      await reader.close();
    }
  } finally {
    await handle.close();
  }
}

/** Writes the wanted files of an archive below `dir`, reading it to its end; see extract(). */
export async function writeWanted(
  members: AsyncIterable<Member>,
  wanted: Wanted,
  { file, dir, signal }: { file: string; dir: string; signal: AbortSignal },
): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  let count = 0;
  for await (const member of members) {
    count += 1;
    if (count > limits.members) throw refusal(file, `it has more than ${limits.members} files`);
    const name = safeName(member, file);
    if (!wanted(name) || member.kind === 'folder' || member.kind === 'hardlink') continue;
    if (member.kind === 'symlink') {
      if (!member.target?.startsWith('/')) continue;
      throw refusal(file, `${shown(name)} links to ${shown(member.target)}`);
    }
    if (written.has(name)) throw refusal(file, `it holds ${shown(name)} twice`);
    const path = join(dir, name);
    await writeStream(path, member.content(), signal);
    written.set(name, path);
  }
  return written;
}

/** Writes a new file, and its folders. Throws InfraError when the disk is full. */
export async function writeStream(
  path: string,
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  try {
    await pipeline(content, createWriteStream(path, { flags: 'wx' }), { signal });
  } catch (error) {
    if (signal.aborted) throw new InterruptedError('unpack: interrupted');
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    const todo = 'free some space, or point BUSYGUEST_CACHE to a larger disk';
    throw new InfraError('unpack', `${path}: no space left on the device`, todo);
  }
}
