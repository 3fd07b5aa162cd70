// SPDX-License-Identifier: MIT
import { createWriteStream, rmSync, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/**
 * A file for what a machine or a program prints, as it comes. Never throws: what goes wrong is told
 * at the end, for an error that nobody hears when it happens would end the process, and every job.
 */
export class LogFile {
  private readonly stream: WriteStream;
  private failed: Error | undefined;

  constructor(path: string) {
    // A new file, whatever stood there: never through a link to another one.
    try {
      rmSync(path, { force: true });
    } catch {
      // Then it cannot be made either, which is told at the end.
    }
    this.stream = createWriteStream(path, { flags: 'wx' });
    // Node.js names no file where a write fails.
    this.stream.on('error', (error) => (this.failed ??= Object.assign(error, { path })));
  }

  write(bytes: Uint8Array): void {
    if (this.failed === undefined) this.stream.write(bytes);
  }

  /** Waits until all is written. Gives the first error, with the file's path; nothing was kept after it. */
  async end(): Promise<Error | undefined> {
    this.stream.end();
    // What it rejects with was heard above.
    await finished(this.stream).catch(() => undefined);
    return this.failed;
  }
}
