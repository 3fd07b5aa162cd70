// SPDX-License-Identifier: MIT

/** First words of a kernel that was just started, or of busyguest's init where nothing came before. */
const kernelBegins = /^\[ +0\.0{6}\]|^Linux version |^BUSYGUEST-START/;

/**
 * Splits a console at the first line of the kernel under test: what stands before belongs to
 * firmware and to the system that started it. Whole lines only, for a line that was cut when the
 * console broke could be read as another one.
 */
export class KernelPart {
  private rest = Buffer.alloc(0);
  private began = false;
  private broken = false;

  /** The bytes for each side. */
  push(chunk: Uint8Array): { firmware: Buffer; kernel: Buffer } {
    const all = Buffer.concat([this.rest, chunk]);
    const end = all.lastIndexOf(0x0a) + 1;
    this.rest = all.subarray(end);
    const firmware: Buffer[] = [];
    const kernel: Buffer[] = [];
    for (const line of linesOf(all.subarray(0, end))) {
      if (this.broken) {
        // The end of a line whose beginning is lost.
        this.broken = false;
        continue;
      }
      const text = line.toString('latin1').replace(/^\r+/, '');
      this.began ||= kernelBegins.test(text);
      (this.began ? kernel : firmware).push(line);
    }
    return { firmware: Buffer.concat(firmware), kernel: Buffer.concat(kernel) };
  }

  /** The console broke off: half a line is none. */
  cut(): void {
    this.rest = Buffer.alloc(0);
    this.broken = true;
  }
}

function* linesOf(text: Buffer): Generator<Buffer> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf(0x0a, start) + 1;
    yield text.subarray(start, end);
    start = end;
  }
}
