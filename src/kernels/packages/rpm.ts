// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { PackageIdentity } from './package-identity.js';
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
/** RPM_STRING_TYPE. */
const stringType = 6;
/** No name and no version is as long, bytes with the NUL. */
const mostText = 256;

/** The bytes of an RPM package's payload, compressed as they are. Throws JobError when its headers are damaged. */
export async function rpmPayload(
  file: string,
  handle: FileHandle,
): Promise<AsyncIterable<Uint8Array>> {
  const main = await mainHeader(file, handle);
  const payload = main + (await headerOf(file, handle, main)).length;
  const { size } = await handle.stat();
  if (payload >= size) throw refusal(file, 'it is truncated');
  return createReadStream(file, { start: payload });
}

/** Name, version and architecture of an RPM package, as its main header has them. Throws JobError. */
export async function rpmFields(file: string, handle: FileHandle): Promise<PackageIdentity> {
  const main = await mainHeader(file, handle);
  const { entries } = await headerOf(file, handle, main);
  const index = Buffer.alloc(entries * entryBytes);
  await handle.read(index, 0, index.length, main + introBytes);
  const store = main + introBytes + index.length;
  const text = async (tag: number): Promise<string> => {
    const at = Array.from({ length: entries }, (_, i) => i * entryBytes).find(
      (entry) => index.readUInt32BE(entry) === tag && index.readUInt32BE(entry + 4) === stringType,
    );
    if (at === undefined) return '';
    const value = Buffer.alloc(mostText);
    await handle.read(value, 0, value.length, store + index.readUInt32BE(at + 8));
    return value.toString('latin1', 0, Math.max(0, value.indexOf(0)));
  };
  // RPMTAG_NAME, _VERSION, _RELEASE, _ARCH
  const [name, version, release] = [await text(1000), await text(1001), await text(1002)];
  return { name, version: `${version}-${release}`, architecture: await text(1022) };
}

/** Where the main header begins: after the signature's. */
async function mainHeader(file: string, handle: FileHandle): Promise<number> {
  const { length } = await headerOf(file, handle, leadBytes);
  return Math.ceil((leadBytes + length) / 8) * 8;
}

async function headerOf(
  file: string,
  handle: FileHandle,
  at: number,
): Promise<{ entries: number; length: number }> {
  const intro = Buffer.alloc(introBytes);
  const { bytesRead } = await handle.read(intro, 0, introBytes, at);
  if (bytesRead < introBytes) throw refusal(file, 'it is truncated');
  const [entries, data] = [intro.readUInt32BE(8), intro.readUInt32BE(12)];
  const isHeader = intro.subarray(0, headerMagic.length).equals(headerMagic);
  if (!isHeader || entries > maxEntries || data > maxData) {
    throw refusal(file, 'a header of the RPM is damaged');
  }
  return { entries, length: introBytes + entries * entryBytes + data };
}
