// SPDX-License-Identifier: MIT
import type { ByteReader } from './byte-reader.js';
import type { Member } from './member.js';
import { refusal } from './refusal.js';

const block = 512;
/** Of a long name or a pax header. */
const maxExtra = 64 * 1024;
const kinds: Readonly<Record<string, Member['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '5': 'folder',
};

/** What an extended header says of the member after it. */
interface Extra {
  name?: string;
  target?: string;
  size?: number;
}

/** The members of a tar archive (ustar, GNU long names, pax). Throws JobError when it is none, or damaged. */
export async function* tarMembers(reader: ByteReader): AsyncGenerator<Member> {
  let extra: Extra = {};
  for (;;) {
    const header = await reader.exactly(block);
    if (header.every((byte) => byte === 0)) break;
    checkSum(header, reader.file);
    const type = header.toString('latin1', 156, 157);
    const declared = number(header, 124, 12, reader.file);
    if (type === 'L' || type === 'K' || type === 'x' || type === 'g') {
      extra = { ...extra, ...(await readExtra(reader, type, declared)) };
      continue;
    }
    const kind = kinds[type] ?? 'device';
    const size = kind === 'file' ? (extra.size ?? declared) : 0;
    let left = size;
    yield {
      name: extra.name ?? headerName(header),
      kind,
      size,
      ...((kind === 'symlink' || kind === 'hardlink') && {
        target: extra.target ?? text(header, 157, 100),
      }),
      async *content() {
        for await (const part of reader.pass(size)) {
          left -= part.length;
          yield part;
        }
      },
    };
    await reader.skip(left + padding(size));
    extra = {};
  }
  await reader.drain();
}

const padding = (size: number): number => (block - (size % block)) % block;

function text(header: Buffer, offset: number, length: number): string {
  const field = header.subarray(offset, offset + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

function headerName(header: Buffer): string {
  const isPosix = header.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(header, 345, 155) : '';
  const name = text(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

// Octal digits only: the binary form is for sizes that are refused anyway.
function number(header: Buffer, offset: number, length: number, file: string): number {
  const field = text(header, offset, length).trim();
  if (!/^[0-7]*$/.test(field)) throw refusal(file, 'a tar header has no valid size');
  return field === '' ? 0 : Number.parseInt(field, 8);
}

function checkSum(header: Buffer, file: string): void {
  let sum = 0;
  header.forEach((byte, i) => (sum += i >= 148 && i < 156 ? 0x20 : byte));
  if (number(header, 148, 8, file) !== sum) throw refusal(file, 'a tar header is damaged');
}

async function readExtra(reader: ByteReader, type: string, size: number): Promise<Extra> {
  if (size > maxExtra) throw refusal(reader.file, `a tar header claims ${size} bytes`);
  const data = await reader.exactly(size);
  await reader.skip(padding(size));
  const value = data.toString('utf8').replace(/(?<!\0)\0+$/, '');
  if (type === 'L') return { name: value };
  if (type === 'K') return { target: value };
  return type === 'x' ? paxFields(data, reader.file) : {};
}

// Records of "LENGTH KEY=VALUE\n"; the length counts itself.
function paxFields(data: Buffer, file: string): Extra {
  const extra: Extra = {};
  for (let at = 0; at < data.length;) {
    const record = /^(\d{1,6}) ([^=]+)=/.exec(data.toString('utf8', at, at + maxExtra));
    const length = Number(record?.[1]);
    const [head, , key] = record ?? [];
    if (head === undefined || length <= head.length || at + length > data.length) {
      throw refusal(file, 'a pax header of its tar is damaged');
    }
    const value = data.toString('utf8', at + Buffer.byteLength(head), at + length - 1);
    if (key === 'path') extra.name = value;
    if (key === 'linkpath') extra.target = value;
    if (key === 'size' && !/^\d{1,15}$/.test(value))
      throw refusal(file, 'a pax header has no valid size');
    if (key === 'size') extra.size = Number(value);
    if (key?.startsWith('GNU.sparse')) throw refusal(file, 'its tar has sparse files');
    at += length;
  }
  return extra;
}
