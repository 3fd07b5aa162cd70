// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { refusal } from './refusal.js';

/** How a Debian package begins. */
export const debMagic = Buffer.from('!<arch>\ndebian-binary');

const globalBytes = 8;
const headerBytes = 60;
/** debian-binary, control.tar, data.tar and perhaps a signature. */
const maxMembers = 16;

/** The bytes of a Debian package's data.tar, compressed as they are. Throws JobError when it has none, or is cut. */
export async function debData(
  file: string,
  handle: FileHandle,
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
    if (/^data\.tar(\.(gz|xz|zst))?$/.test(name)) {
      return createReadStream(file, { start: at, end: at + size - 1 });
    }
    if (name.startsWith('data.tar')) throw refusal(file, `its ${name} is of no known compression`);
    at += size + (size % 2);
  }
  throw refusal(file, 'it holds no data.tar');
}
