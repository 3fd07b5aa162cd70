// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { refusal } from './refusal.js';

/** How an RPM package begins. */
export const rpmMagic = Buffer.from('edabeedb', 'hex');

const leadBytes = 96;
const introBytes = 16;
const entryBytes = 16;
const headerMagic = Buffer.from('8eade801', 'hex');
/** RPM's own bounds (lib/header.c). */
const maxEntries = 0xffff;
const maxData = 256 * 1024 ** 2;

/** The bytes of an RPM package's payload, compressed as they are. Throws JobError when its headers are damaged. */
export async function rpmPayload(
  file: string,
  handle: FileHandle,
): Promise<AsyncIterable<Uint8Array>> {
  const signature = leadBytes + (await headerLength(file, handle, leadBytes));
  const main = Math.ceil(signature / 8) * 8;
  const payload = main + (await headerLength(file, handle, main));
  const { size } = await handle.stat();
  if (payload >= size) throw refusal(file, 'it is truncated');
  return createReadStream(file, { start: payload });
}

async function headerLength(file: string, handle: FileHandle, at: number): Promise<number> {
  const intro = Buffer.alloc(introBytes);
  const { bytesRead } = await handle.read(intro, 0, introBytes, at);
  if (bytesRead < introBytes) throw refusal(file, 'it is truncated');
  const [entries, data] = [intro.readUInt32BE(8), intro.readUInt32BE(12)];
  const isHeader = intro.subarray(0, headerMagic.length).equals(headerMagic);
  if (!isHeader || entries > maxEntries || data > maxData) {
    throw refusal(file, 'a header of the RPM is damaged');
  }
  return introBytes + entries * entryBytes + data;
}
