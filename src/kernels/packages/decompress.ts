// SPDX-License-Identifier: MIT
import { pipeThrough } from '../../system/pipe-through.js';
import { refusal } from './refusal.js';

const formats = [
  { magic: Buffer.from('1f8b', 'hex'), argv: ['gzip', '-dc'] },
  {
    magic: Buffer.from('fd377a585a00', 'hex'),
    argv: ['xz', '-dc', '-T0', '--memlimit-decompress=1GiB'],
  },
  { magic: Buffer.from('28b52ffd', 'hex'), argv: ['zstd', '-dcq'] },
] as const;
const longestMagic = 6;

/** What is compressed and who asked; for errors. */
export interface Origin {
  readonly file: string;
  readonly signal: AbortSignal;
}

/** Takes gzip, xz or zstd off, told by the first bytes; other data comes out as it is. Throws JobError when it is damaged. */
export async function* decompressed(
  source: AsyncIterable<Uint8Array>,
  { file, signal }: Origin,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < longestMagic) {
    const next = await chunks.next();
    if (next.done) break;
    start = Buffer.concat([start, next.value]);
  }
  const all = joined(start, chunks);
  const format = formats.find(({ magic }) => start.subarray(0, magic.length).equals(magic));
  if (format === undefined) yield* all;
  else {
    yield* pipeThrough(format.argv, all, {
      stage: 'unpack',
      signal,
      failed: (stderr) => refusal(file, stderr || `${format.argv[0]} cannot unpack it`),
    });
  }
}

async function* joined(start: Buffer, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Buffer> {
  try {
    yield start;
    for (let next = await rest.next(); !next.done; next = await rest.next()) {
      yield Buffer.from(next.value);
    }
  } finally {
    await rest.return?.();
  }
}
