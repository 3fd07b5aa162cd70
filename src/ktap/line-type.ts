// SPDX-License-Identifier: MIT

/**
 * One line of a log, seen as KTAP (Documentation/dev-tools/ktap.rst of the kernel).
 * `column`: how far the line is nested, in characters; the kselftest runner's `# ` counts two.
 */
export type KtapLine =
  | { readonly kind: 'version'; readonly column: number }
  | {
      readonly kind: 'plan';
      readonly column: number;
      readonly count: number;
      /** `1..0 # SKIP why`: everything was skipped. */
      readonly skipAll?: string;
    }
  | ResultLine
  | { readonly kind: 'subtest'; readonly column: number; readonly name: string }
  | { readonly kind: 'bail-out'; readonly column: number; readonly reason: string }
  | { readonly kind: 'diagnostic'; readonly column: number; readonly text: string }
  | { readonly kind: 'noise'; readonly tornNot: TornNot };

/**
 * Whether a line that is not KTAP may be the first half of a `not ok`. `lone`: nothing but a kernel message follows the
 * `not`, so that more of those may stand before the `ok`; `maybe`: something follows that could be prose.
 */
export type TornNot = 'no' | 'maybe' | 'lone';

/** `ok` or `not ok`, its parts. `torn`: a kernel message stands in the middle, so the parts may be cut short. */
export interface ResultLine {
  readonly kind: 'result';
  readonly column: number;
  readonly ok: boolean;
  readonly number: number | undefined;
  readonly name: string;
  readonly directive?: Directive;
  /** What follows the `#`, without the directive. */
  readonly text: string;
  readonly torn: boolean;
}

export type Directive = 'SKIP' | 'TODO' | 'XFAIL' | 'XPASS' | 'TIMEOUT' | 'ERROR';

/** The whole grammar. Tried on a line without printk's prefix, indentation and runner's `# `. */
const pattern = {
  version: /^K?TAP version \d+\s*$/,
  plan: /^1\.\.(\d{1,9})(?:\s*#\s*(?:SKIP\S*\s*)?([^]*)|$)/i,
  result: /^(not )?ok(?=\s|$)(?:\s+(\d{1,9})(?=[\s#]|$))?(?:\s+-(?=\s|$))?\s*([^]*)/,
  bailOut: /^Bail out!\s*([^]*)/,
  /** The runner's `# ` before what may be KTAP itself; nearly all diagnostics are not. */
  nested: /^# [ \t]*[onKTB1#[<]/,
  directive: /#\s*(SKIP|TODO|XFAIL|XPASS|TIMEOUT|ERROR)(?:PED)?(?![\w=]):?\s*([^]*)/i,
  /** `<6>`, `[   12.345678]` (skiboot adds `,5`), `[  T123]` or `[   C0]`, in this order, each optional. */
  printk: /^(?:<\d{1,3}>)?(?:\[ *\d+\.\d+(?:,\d)?\])?(?:\[ *[TC]\d+\])?/,
  /** The same where it cannot be: not at the start of the line. */
  printkInside: /(?:<\d{1,3}>)?\[ *\d+\.\d{6,9}(?:,\d)?\](?:\[ *[TC]\d+\])? /,
  tornNot: /^not(?:\s|\[|$)/,
  loneNot: /^not\s*(?:$|(?:<\d{1,3}>)?\[ *\d+\.\d)/,
} as const;

const subtest = '# Subtest: ';

/** Longer lines are not KTAP; reading stops here so that one endless line costs nothing. */
const maxLength = 4096;
/** Deeper nesting than this is noise, not a test. */
const maxColumn = 64;

/** The line without the prefix that printk puts before it, and without CR and blanks at its end. */
export function stripPrintk(line: string): string {
  const first = line.charCodeAt(0);
  const text = line.length > maxLength ? line.slice(0, maxLength) : line;
  if (first !== 0x5b && first !== 0x3c) return text.trimEnd();
  const length = pattern.printk.exec(text)?.[0].length ?? 0;
  // One blank separates prefix and message; more than one is the message's own indentation.
  const start = length > 0 && text[length] === ' ' ? length + 1 : length;
  return text.slice(start).trimEnd();
}

/** Where in `text` (already stripped) another printk message begins; -1 if nowhere. */
export function findPrintk(text: string): number {
  return text.includes('.') ? text.search(pattern.printkInside) : -1;
}

/** Says what a line of a log is. Never throws; takes lines of any length, with or without printk's prefix. */
export function classify(line: string): KtapLine {
  const seen = classifyAt(stripPrintk(line), 0, line.length > maxLength);
  // A kernel message that begins with "not" is whole.
  const isPrintk = line[0] === '[' || line[0] === '<';
  return seen.kind === 'noise' && isPrintk ? { kind: 'noise', tornNot: 'no' } : seen;
}

function classifyAt(text: string, outerColumn: number, tooLong: boolean): KtapLine {
  const { width, start } = indentation(text);
  const column = outerColumn + width;
  if (column > maxColumn) return { kind: 'noise', tornNot: 'no' };
  const rest = text.slice(start);
  if (!rest.startsWith('#')) return classifyBare(rest, column, tooLong);
  if (rest.startsWith(subtest))
    return { kind: 'subtest', column, name: rest.slice(subtest.length).trim() };
  // kselftest's runner puts `# ` before each line of the test's own output; anything else is a diagnostic.
  const inner = pattern.nested.test(rest)
    ? classifyAt(stripPrintk(rest.slice(2)), column + 2, tooLong)
    : undefined;
  const nested =
    inner && inner.kind !== 'diagnostic' && (inner.kind !== 'noise' || inner.tornNot !== 'no');
  return nested ? inner : { kind: 'diagnostic', column, text: rest.slice(1).trim() };
}

/** Indentation of a line: its width (a tab reaches to the next multiple of 8) and where the text begins. */
function indentation(text: string): { width: number; start: number } {
  let width = 0;
  let start = 0;
  for (; start < text.length && width <= maxColumn; start += 1) {
    if (text[start] === '\t') width += 8 - (width % 8);
    else if (text[start] === ' ') width += 1;
    else break;
  }
  return { width, start };
}

function classifyBare(rest: string, column: number, tooLong: boolean): KtapLine {
  // Most lines of a log are noise: one look at the first letter drops them.
  switch (rest[0]) {
    case 'o':
    case 'n':
      return classifyResult(rest, column, tooLong);
    case '1': {
      const plan = pattern.plan.exec(rest);
      if (!plan) break;
      const count = Number(plan[1]);
      const skipAll = count === 0 && plan[2] !== undefined ? { skipAll: plan[2] } : {};
      return { kind: 'plan', column, count, ...skipAll };
    }
    case 'K':
    case 'T':
      if (pattern.version.test(rest)) return { kind: 'version', column };
      break;
    case 'B': {
      const bailOut = pattern.bailOut.exec(rest);
      if (bailOut) return { kind: 'bail-out', column, reason: bailOut[1] ?? '' };
    }
  }
  return { kind: 'noise', tornNot: 'no' };
}

function tornNotIn(text: string): TornNot {
  if (!pattern.tornNot.test(text)) return 'no';
  return pattern.loneNot.test(text) ? 'lone' : 'maybe';
}

function classifyResult(rest: string, column: number, tooLong: boolean): KtapLine {
  const cut = findPrintk(rest);
  const match = pattern.result.exec(cut < 0 ? rest : rest.slice(0, cut));
  if (!match) return { kind: 'noise', tornNot: tornNotIn(rest) };
  // The end of an endless line was not read; its name would be wrong, and would keep the line in memory.
  const description = tooLong ? '' : (match[3] ?? '');
  const result = { kind: 'result', column, ok: match[1] === undefined } as const;
  const number = match[2] === undefined ? undefined : Number(match[2]);
  const torn = cut >= 0 || tooLong;
  const hash = description.includes('#') ? description.search(/(?:^|\s)#/) : -1;
  if (hash < 0) return { ...result, number, name: description.trim(), text: '', torn };
  const tail = description.slice(hash).trim();
  const name = description.slice(0, hash).trim();
  const [, word, more = ''] = pattern.directive.exec(tail) ?? [];
  if (word === undefined) return { ...result, number, name, text: tail.slice(1).trim(), torn };
  const directive = word.toUpperCase() as Directive;
  return { ...result, number, name, directive, text: more.trim(), torn };
}
