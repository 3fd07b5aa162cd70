// SPDX-License-Identifier: MIT
import { diffText } from './diff-text.js';
import type { Patch } from './series.js';

const hunk = /^@@ -(\d+(?:,(\d+))?) \+(\d+(?:,(\d+))?) @@$/;

/**
 * The patch that takes a patch out again, as a text of its own; undefined for one that renames, copies, adds or
 * removes files, changes modes, or is no plain unified diff.
 */
export function reversed({ name, text }: Patch): Patch | undefined {
  const diff = diffText(text);
  if (diff === text || /^(?:rename|copy|new|deleted|old) |\/dev\/null/m.test(diff))
    return undefined;
  const lines = diff.split('\n');
  const turned: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [found, old = '', oldLines = '1', now = '', nowLines = '1'] = hunk.exec(line) ?? [];
    if (found !== undefined) {
      turned.push(`@@ -${now} +${old} @@`);
      at = turnHunk(lines, at + 1, Number(oldLines), Number(nowLines), turned) - 1;
    } else if (line.startsWith('--- ')) {
      turned.push(`--- ${(lines[at + 1] ?? '').slice(4)}`, `+++ ${line.slice(4)}`);
      at += 1;
    } else turned.push(line);
  }
  return { name: `reverse-of-${name}`, text: `${turned.join('\n')}\n` };
}

/** Adds a hunk's lines with + and - changed; gives where it ends. diffText() has checked that it is whole. */
function turnHunk(
  lines: readonly string[],
  start: number,
  oldLines: number,
  nowLines: number,
  turned: string[],
): number {
  let [before, after, at] = [oldLines, nowLines, start];
  for (; before > 0 || after > 0 || lines[at]?.startsWith('\\'); at += 1) {
    const line = lines[at] ?? '';
    const sign = line[0];
    if (sign !== '\\' && sign !== '+') before -= 1;
    if (sign !== '\\' && sign !== '-') after -= 1;
    turned.push(line.replace(/^[-+]/, (found) => (found === '-' ? '+' : '-')));
  }
  return at;
}
