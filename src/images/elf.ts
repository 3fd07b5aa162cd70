// SPDX-License-Identifier: MIT

/** What a program or library asks the dynamic loader for. */
export interface Dynamic {
  /** Sonames of the libraries that it needs, DT_NEEDED. */
  readonly needed: readonly string[];
  /** Path of the loader, PT_INTERP; programs have one. */
  readonly interpreter?: string;
}

const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tag = { end: 0, needed: 1, strings: 5 } as const;
const headerBytes = 64;
const dynamicEntryBytes = 16;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

/**
 * Reads a 64-bit little-endian ELF file (System V ABI, gABI chapters 4 and 5); undefined when it is
 * none or is damaged. A static program needs nothing.
 */
export function readDynamic(file: Buffer): Dynamic | undefined {
  const isElf = file.length >= headerBytes && file.readUInt32BE(0) === 0x7f454c46;
  if (!isElf || file[4] !== 2 || file[5] !== 1) return undefined;
  try {
    const segments = readSegments(file);
    const interpreter = segments.find(({ type }) => type === segment.interpreter);
    return {
      needed: readNeeded(file, segments),
      ...(interpreter && { interpreter: text(file, interpreter.offset) }),
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const word = (file: Buffer, at: number): number => Number(file.readBigUInt64LE(at));

function readSegments(file: Buffer): Segment[] {
  const [table, bytes, count] = [word(file, 32), file.readUInt16LE(54), file.readUInt16LE(56)];
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * bytes;
    return {
      type: file.readUInt32LE(at),
      offset: word(file, at + 8),
      address: word(file, at + 16),
      bytes: word(file, at + 32),
    };
  });
}

function readNeeded(file: Buffer, segments: readonly Segment[]): string[] {
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  if (!dynamic) return [];
  const names: number[] = [];
  let strings: number | undefined;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.bytes; at += dynamicEntryBytes) {
    const [kind, value] = [word(file, at), word(file, at + 8)];
    if (kind === tag.end) break;
    if (kind === tag.needed) names.push(value);
    if (kind === tag.strings) strings = fileOffset(segments, value);
  }
  return names.map((name) => text(file, (strings ?? NaN) + name));
}

function fileOffset(segments: readonly Segment[], address: number): number | undefined {
  const holder = segments.find(
    (one) =>
      one.type === segment.load && address >= one.address && address < one.address + one.bytes,
  );
  return holder && holder.offset + address - holder.address;
}

function text(file: Buffer, at: number): string {
  const end = at >= 0 ? file.indexOf(0, at) : -1;
  if (end < 0) throw new RangeError('no string');
  return file.toString('utf8', at, end);
}

/** A file of a library closure. */
export interface Needed {
  /** The name that the loader looks for. */
  readonly soname: string;
  readonly path: string;
}

/** The libraries of a program, and theirs, each once; `missing` are those that `find` does not know. */
export async function libraryClosure(
  program: Dynamic,
  find: (soname: string) => Promise<{ path: string; dynamic: Dynamic } | undefined>,
): Promise<{ libraries: readonly Needed[]; missing: readonly string[] }> {
  const libraries: Needed[] = [];
  const missing: string[] = [];
  const queue = [...program.needed];
  const seen = new Set(queue);
  for (let soname = queue.shift(); soname !== undefined; soname = queue.shift()) {
    const found = await find(soname);
    if (found === undefined) {
      missing.push(soname);
      continue;
    }
    libraries.push({ soname, path: found.path });
    for (const next of found.dynamic.needed) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return { libraries, missing };
}
