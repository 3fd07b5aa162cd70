// SPDX-License-Identifier: MIT
import { limits, refusal } from './refusal.js';

/** Reads an archive front to back, in pieces of exact length. Throws JobError when it is too short or too long. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Uint8Array>;
  private rest: Buffer = Buffer.alloc(0);
  private seen = 0;

  constructor(
    source: AsyncIterable<Uint8Array>,
    readonly file: string,
  ) {
    this.chunks = source[Symbol.asyncIterator]();
  }

  /** The next `length` bytes, in one piece: for headers and names, not for content. */
  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.pass(length)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** The next `length` bytes as they come. What the consumer does not take stays. */
  async *pass(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      if (this.rest.length === 0 && !(await this.more())) {
        throw refusal(this.file, 'it is truncated');
      }
      const part = this.rest.subarray(0, left);
      this.rest = this.rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async skip(length: number): Promise<void> {
    const parts = this.pass(length);
    while (!(await parts.next()).done);
  }

  /** Reads what follows the archive's end, so that damage in it is found too. */
  async drain(): Promise<void> {
    while (await this.more());
  }

  /** Stops the source, and the program that it comes from. */
  async close(): Promise<void> {
    await this.chunks.return?.();
  }

  private async more(): Promise<boolean> {
    const next = await this.chunks.next();
    if (next.done) return false;
    this.rest = Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength);
    this.seen += this.rest.length;
    if (this.seen > limits.archiveBytes) {
      throw refusal(this.file, `it unpacks to more than ${limits.archiveBytes} bytes`);
    }
    return true;
  }
}

/** The same bytes, and a JobError when there are more than `most`. */
export async function* bounded(
  source: AsyncIterable<Uint8Array>,
  most: number,
  file: string,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of source) {
    seen += chunk.length;
    if (seen > most) throw refusal(file, `it unpacks to more than ${most} bytes`);
    yield chunk;
  }
}
