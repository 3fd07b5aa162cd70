// SPDX-License-Identifier: MIT

/** One line of a console. */
export interface Line {
  /** Without newline, NUL bytes and ANSI escapes. */
  readonly text: string;
  /** The same with its ANSI escapes. */
  readonly raw: string;
  /** False for a last line without newline, and for every piece of a line that was too long. */
  readonly terminated: boolean;
}

/** Characters after which a line is split, so that memory stays bounded. */
export const maxLineLength = 16 * 1024;

const csi = '\\[[0-?]*[ -/]*[@-~]';
const osc = '\\][^\\u0007\\u001b]{0,256}(?:\\u0007|\\u001b\\\\)?';
const ansiEscape = new RegExp(`\\u001b(?:${csi}|${osc}|[ -/]*[0-~])?`, 'g');

/**
 * Bytes of a serial console -> lines. A line ends with LF (any number of CR before it), or with a lone CR where
 * firmware overwrites its own progress. Bytes that are not UTF-8 become U+FFFD. Never throws.
 */
export class LineSplitter {
  private readonly decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  private rest = '';
  /** `rest` continues a line whose first pieces are out already. */
  private isContinued = false;

  /** Takes the next bytes; gives the lines that they complete. */
  push(chunk: Uint8Array): Line[] {
    return this.split(this.decoder.decode(chunk, { stream: true }));
  }

  /** Ends the console; gives what is left. */
  end(): Line[] {
    const lines = this.split(this.decoder.decode());
    if (this.rest !== '') {
      const terminated = this.rest.endsWith('\r') && !this.isContinued;
      const left = trimCr(this.rest);
      if (left !== '' || terminated) lines.push(toLine(left, terminated));
      this.rest = '';
    }
    return lines;
  }

  private split(more: string): Line[] {
    const lines: Line[] = [];
    const text = this.rest + (more.includes('\0') ? more.replaceAll('\0', '') : more);
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.addLine(lines, trimCr(text.slice(start, end)));
      start = end + 1;
    }
    this.rest = this.takeLoneCr(lines, text.slice(start));
    while (this.rest.length > maxLineLength) {
      lines.push(toLine(this.rest.slice(0, maxLineLength), false));
      this.rest = this.rest.slice(maxLineLength);
      this.isContinued = true;
    }
    return lines;
  }

  /** A complete line, which may hold lone CRs. */
  private addLine(lines: Line[], text: string): void {
    const last = this.takeLoneCr(lines, text);
    let from = 0;
    for (; last.length - from > maxLineLength; from += maxLineLength) {
      lines.push(toLine(last.slice(from, from + maxLineLength), false));
      this.isContinued = true;
    }
    lines.push(toLine(last.slice(from), !this.isContinued));
    this.isContinued = false;
  }

  /** Emits what lone CRs end and returns the rest. CRs at the very end stay: a LF may follow. */
  private takeLoneCr(lines: Line[], text: string): string {
    const cr = text.indexOf('\r');
    if (cr < 0) return text;
    const tail = trimCr(text);
    const parts = tail.split(/\r+/);
    const last = parts.pop() ?? '';
    for (const part of parts) if (part !== '') this.addLine(lines, part);
    return tail.length < text.length ? `${last}\r` : last;
  }
}

function trimCr(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === '\r') end -= 1;
  return end === text.length ? text : text.slice(0, end);
}

function toLine(raw: string, terminated: boolean): Line {
  const text = raw.includes('\u001b') ? raw.replace(ansiEscape, '') : raw;
  return { text, raw, terminated };
}
