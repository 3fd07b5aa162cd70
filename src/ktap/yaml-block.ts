// SPDX-License-Identifier: MIT

const key = /^ *([\w.-]{1,100}):(?: ([^]*))?$/;
const number = /^-?\d{1,18}(?:\.\d{1,18})?(?:e[+-]?\d{1,3})?$/;

/** What a line is to the block: `remark` is what it says of the result, in the payload's words. */
interface Taken {
  readonly isTaken: boolean;
  readonly remark?: string;
}

const notTaken: Taken = { isTaken: false };
const taken: Taken = { isTaken: true };

/**
 * Reads the YAML blocks that TAP 13 and 14 have behind results: of them the reason, and metrics as results.tap has them.
 * The rest is passed over, whatever it looks like: text of a console may stand in it.
 */
export class YamlBlocks {
  /** Column of the result that the last line was. */
  private after: number | undefined;
  /** Column of the open block: what stands further out is not of it. */
  private column: number | undefined;
  private section = '';
  private metric = '';
  private value: string | undefined;

  /** Says what a line is that was not taken here: a block may follow a result. */
  saw(resultColumn: number | undefined): void {
    this.after = resultColumn;
  }

  /** Takes a line of a block. */
  take(line: string): Taken {
    const text = line.trimEnd();
    if (this.column === undefined) return this.begin(text);
    const depth = text.search(/\S/) - this.column;
    if (text === '') return taken;
    if (depth < 0 || (depth === 0 && text.endsWith('...'))) this.column = undefined;
    if (depth < 0) return notTaken;
    const [, name, rest = ''] = key.exec(text) ?? [];
    const remark = name === undefined ? undefined : this.takeKey(depth, name, rest.trim());
    return remark === undefined ? taken : { isTaken: true, remark };
  }

  private begin(text: string): Taken {
    if (this.after === undefined || text !== `${' '.repeat(this.after + 2)}---`) return notTaken;
    this.column = this.after + 2;
    this.section = '';
    return taken;
  }

  private takeKey(depth: number, name: string, rest: string): string | undefined {
    if (depth === 0) {
      this.section = name;
      return name === 'reason' && rest !== '' ? `reason: ${plain(rest)}` : undefined;
    }
    if (this.section !== 'metrics') return undefined;
    if (depth === 2) {
      this.metric = name;
      this.value = undefined;
    }
    if (depth === 4 && name === 'value' && number.test(rest)) this.value = rest;
    if (depth !== 4 || name !== 'unit' || this.value === undefined) return undefined;
    return `metric: ${this.metric} ${this.value} ${plain(rest)}`;
  }
}

/** A scalar without its quotes. */
function plain(text: string): string {
  const [, quote, inner = ''] = /^(["'])([^]*)\1$/.exec(text) ?? [];
  if (quote === undefined) return text;
  return quote === "'" ? inner.replaceAll("''", "'") : inner.replace(/\\(["\\])/g, '$1');
}
