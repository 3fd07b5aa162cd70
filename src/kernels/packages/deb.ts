// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { ByteReader } from './byte-reader.js';
import { decompressed } from './decompress.js';
import type { PackageIdentity } from './package-identity.js';
import { limits, refusal } from './refusal.js';
import { tarMembers } from './tar.js';

/** How a Debian package begins. */
export const debMagic = Buffer.from('!<arch>\ndebian-binary');

const globalBytes = 8;
const headerBytes = 60;
/** debian-binary, control.tar, data.tar and perhaps a signature. */
const maxMembers = 16;

/** The bytes of a Debian package's data.tar, compressed as they are. Throws JobError when it has none, or is cut. */
export const debData = (file: string, handle: FileHandle): Promise<AsyncIterable<Uint8Array>> =>
  debMember(file, handle, 'data.tar');

/** Package, Version and Architecture of a Debian package's control file; undefined where it has none. Throws JobError. */
export async function debFields(
  file: string,
  handle: FileHandle,
  signal: AbortSignal,
): Promise<PackageIdentity | undefined> {
  const packed = await debMember(file, handle, 'control.tar');
  const reader = new ByteReader(decompressed(packed, { file, signal }), file);
  try {
    for await (const member of tarMembers(reader)) {
      const isControl = /^(?:\.\/)?control$/.test(member.name);
      if (!isControl || member.size > limits.textBytes) continue;
      const parts: Buffer[] = [];
      for await (const part of member.content()) parts.push(part);
      const text = Buffer.concat(parts).toString('utf8');
      const field = (key: string): string =>
        new RegExp(`^${key}: *(\\S+) *$`, 'm').exec(text)?.[1] ?? '';
      return {
        name: field('Package'),
        version: field('Version'),
        architecture: field('Architecture'),
      };
    }
    return undefined;
  } finally {
    await reader.close();
  }
}

async function debMember(
  file: string,
  handle: FileHandle,
  wanted: 'control.tar' | 'data.tar',
): Promise<AsyncIterable<Uint8Array>> {
  const { size: fileBytes } = await handle.stat();
  let at = globalBytes;
  for (let i = 0; i < maxMembers && at < fileBytes; i += 1) {
    const header = Buffer.alloc(headerBytes);
    const { bytesRead } = await handle.read(header, 0, headerBytes, at);
    const fields = header.toString('latin1', 0, bytesRead);
    // Name, time, user, group and mode are of no interest: 16, 12, 6, 6 and 8 characters.
    const match = /^(.{16}).{32}(\d{1,10}) *`\n$/.exec(fields);
    if (match === null) throw refusal(file, 'it is truncated, or a header of its ar is damaged');
    const [name = '', size] = [match[1]?.trim().replace(/\/$/, ''), Number(match[2])];
    at += headerBytes;
    if (at + size > fileBytes) throw refusal(file, 'it is truncated');
    if (name.startsWith(wanted)) {
      if (/^\w+\.tar(\.(gz|xz|zst))?$/.test(name)) {
        return createReadStream(file, { start: at, end: at + size - 1 });
      }
      throw refusal(file, `its ${name} is of no known compression`);
    }
    at += size + (size % 2);
  }
  throw refusal(file, `it holds no ${wanted}`);
}
