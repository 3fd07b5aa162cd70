// SPDX-License-Identifier: MIT
import type { ByteReader } from './byte-reader.js';
import type { Member } from './member.js';
import { limits, refusal } from './refusal.js';

const headerBytes = 110;
const typeMask = 0o170000;
const kinds: Readonly<Record<number, Member['kind']>> = {
  0o100000: 'file',
  0o040000: 'folder',
  0o120000: 'symlink',
};

/** The members of a cpio archive in "newc" form, as RPM packages hold it. Throws JobError when it is none, or damaged. */
export async function* cpioMembers(reader: ByteReader): AsyncGenerator<Member> {
  for (;;) {
    const header = (await reader.exactly(headerBytes)).toString('latin1');
    checkMagic(header, reader.file);
    const field = (index: number): number =>
      Number.parseInt(header.slice(6 + index * 8, 14 + index * 8), 16);
    const [mode, links, size, nameSize] = [field(1), field(4), field(6), field(11)];
    if (nameSize < 2 || nameSize > limits.nameBytes) {
      throw refusal(reader.file, `a name of its cpio claims ${nameSize} bytes`);
    }
    const name = (await reader.exactly(nameSize)).toString('utf8', 0, nameSize - 1);
    await reader.skip(padding(headerBytes + nameSize));
    if (name === 'TRAILER!!!') break;
    yield* oneMember(reader, name, kinds[mode & typeMask] ?? 'device', size, links);
  }
  await reader.drain();
}

async function* oneMember(
  reader: ByteReader,
  name: string,
  type: Member['kind'],
  size: number,
  links: number,
): AsyncGenerator<Member> {
  if (type === 'symlink' && size > limits.nameBytes) {
    throw refusal(reader.file, `a link of its cpio claims ${size} bytes`);
  }
  const target = type === 'symlink' ? (await reader.exactly(size)).toString('utf8') : undefined;
  // Of a file with several names only the last one has the content.
  const kind = type === 'file' && links > 1 && size === 0 ? 'hardlink' : type;
  let left = target === undefined ? size : 0;
  const length = left;
  yield {
    name,
    kind,
    size: length,
    ...(target !== undefined && { target }),
    async *content() {
      for await (const part of reader.pass(length)) {
        left -= part.length;
        yield part;
      }
    },
  };
  await reader.skip(left + padding(size));
}

const padding = (size: number): number => (4 - (size % 4)) % 4;

function checkMagic(header: string, file: string): void {
  if (header.startsWith('07070X')) {
    throw refusal(
      file,
      'its cpio has no names of its own (RPM 6)',
      'unpack it (rpm2archive, rpm2cpio) and give the folder instead',
    );
  }
  if (!/^07070[12][0-9a-fA-F]{104}$/.test(header)) {
    throw refusal(file, 'a header of its cpio is damaged');
  }
}
