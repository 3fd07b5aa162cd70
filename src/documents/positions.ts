// SPDX-License-Identifier: MIT
import { isAlias, isMap, isNode, isScalar, isSeq } from 'yaml';
import type { Document, LineCounter, Node, Pair } from 'yaml';
import type { Problem } from '../model/errors.js';

/** Where something stands in a document: keys and list indexes from the root. */
export type Path = readonly (string | number)[];

/** A mistake found in the data, before it has a position in the file. */
export interface Finding {
  readonly path: Path;
  /** `key`: point at the last key of the path, not at its value. */
  readonly target?: 'key';
  readonly message: string;
  readonly hint?: string;
}

/** A file that was read as YAML. */
export interface Source {
  /** As the user gave it. */
  readonly file: string;
  readonly text: string;
  readonly lines: LineCounter;
  readonly document: Document.Parsed;
}

type Place = Pick<Source, 'file' | 'text' | 'lines'>;

/** Longest line that is shown under a problem, characters. */
const longestExcerpt = 200;

/** The finding as a problem with file, line, column and the offending line. */
export function problemOf(source: Source, finding: Finding): Problem {
  const { path, target, message, hint } = finding;
  const owner = pathText(target === 'key' ? path.slice(0, -1) : path);
  const text = owner === '' ? message : `${owner}: ${message}`;
  return problemAt(source, offsetOf(source.document, path, target), text, hint);
}

/** A problem at an offset (UTF-16 units from 0) of the file's text. */
export function problemAt(place: Place, offset: number, message: string, hint?: string): Problem {
  const { line, col } = place.lines.linePos(offset);
  const at = { file: place.file, line: Math.max(line, 1), column: Math.max(col, 1) };
  const excerpt = excerptOf(place, at.line);
  return {
    message,
    at,
    ...(excerpt === '' || at.column > longestExcerpt ? {} : { excerpt }),
    ...(hint === undefined ? {} : { hint }),
  };
}

/** `devices[2]`, `kernels[0].expect-on.qemu-powernv8`; empty for the root. */
export function pathText(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += `${text === '' ? '' : '.'}${/^[\w-]+$/.test(step) ? step : JSON.stringify(step)}`;
  }
  return text;
}

function excerptOf({ text, lines }: Place, line: number): string {
  const start = lines.lineStarts[line - 1] ?? text.length;
  const end = text.indexOf('\n', start);
  const whole = text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
  // A terminal would obey control characters; one for one keeps the columns.
  return whole.slice(0, longestExcerpt).replace(/[^\P{Cc}\t]/gu, '\uFFFD');
}

/** Goes down as far as the path exists: a key that is missing is shown at the map that lacks it. */
function offsetOf(document: Document.Parsed, path: Path, target: 'key' | undefined): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, step] of path.entries()) {
    const wantsKey = target === 'key' && index === path.length - 1;
    if (node !== null && isAlias(node)) node = node.resolve(document) ?? null;
    let next: Node | null = null;
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => keyText(item) === String(step));
      if (pair === undefined) return offset;
      offset = (isNode(pair.key) ? pair.key.range?.[0] : undefined) ?? offset;
      next = !wantsKey && isNode(pair.value) ? pair.value : null;
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step];
      next = isNode(item) ? item : null;
    }
    if (next === null) return offset;
    // An empty value has no place of its own; its key does.
    if (!isEmpty(next)) offset = next.range?.[0] ?? offset;
    node = next;
  }
  return offset;
}

function keyText(pair: Pair): string | undefined {
  return isScalar(pair.key) ? String(pair.key.value) : undefined;
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.value === null && (node.source ?? '') === '';
}

/** As they stand in the file. */
export function inFileOrder(problems: readonly Problem[]): Problem[] {
  const line = ({ at }: Problem): number => at?.line ?? 0;
  const column = ({ at }: Problem): number => at?.column ?? 0;
  return problems.toSorted((a, b) => line(a) - line(b) || column(a) - column(b));
}
