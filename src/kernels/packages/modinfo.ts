// SPDX-License-Identifier: MIT
import { moduleName } from './names.js';

const elf64LittleEndian = Buffer.from('7f454c460201', 'hex');
const headerBytes = 64;
const sectionBytes = 64;

/** What a kernel module says of itself. */
export interface ModuleInfo {
  /** Modules that must be loaded before, by their names with underscores. */
  readonly depends: readonly string[];
  /** The release of the kernel it was built for. */
  readonly release: string | undefined;
}

/** Reads the .modinfo section of a module, a 64-bit little-endian ELF file. Undefined when it is none. */
export function moduleInfo(elf: Buffer): ModuleInfo | undefined {
  const section = findSection(elf, '.modinfo');
  if (section === undefined) return undefined;
  const fields = section.toString('utf8').split('\0');
  const field = (key: string): string | undefined =>
    fields.find((text) => text.startsWith(`${key}=`))?.slice(key.length + 1);
  return {
    depends: (field('depends') ?? '').split(',').filter(Boolean).map(moduleName),
    release: field('vermagic')?.split(' ')[0],
  };
}

// The offsets are those of Elf64_Ehdr and Elf64_Shdr. Numbers come from the file: each is checked by slice().
function findSection(elf: Buffer, name: string): Buffer | undefined {
  if (elf.length < headerBytes || !elf.subarray(0, 6).equals(elf64LittleEndian)) return undefined;
  const table = Number(elf.readBigUInt64LE(40));
  const count = elf.readUInt16LE(60);
  const header = (index: number): Buffer | undefined =>
    slice(elf, table + index * sectionBytes, sectionBytes);
  const content = (section: Buffer): Buffer | undefined =>
    slice(elf, Number(section.readBigUInt64LE(24)), Number(section.readBigUInt64LE(32)));

  const namesHeader = header(elf.readUInt16LE(62));
  const names = namesHeader && content(namesHeader);
  if (names === undefined) return undefined;
  for (let i = 0; i < count; i += 1) {
    const section = header(i);
    if (section === undefined) return undefined;
    const at = section.readUInt32LE(0);
    if (names.toString('latin1', at, at + name.length + 1) === `${name}\0`) return content(section);
  }
  return undefined;
}

function slice(data: Buffer, at: number, length: number): Buffer | undefined {
  return at + length <= data.length ? data.subarray(at, at + length) : undefined;
}
