// SPDX-License-Identifier: MIT

const header =
  /^(?:diff --git |(?:---|\+\+\+) \S|(?:rename|copy) (?:from|to) |(?:new|deleted) file mode |(?:old|new) mode )/;
const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/;
/** What `patch` would take for a diff too, and this reader does not know: context, normal, ed, indented and damaged ones. */
const otherDiff =
  /^(?:@@|\*\*\* \d|\d+(?:,\d+)?[acd]\d|GIT binary patch|[ \t]+(?:@@ -\d|--- \S|\*\*\* \d)|\d+(?:,\d+)?[acd]$)/m;

/**
 * What of a patch changes files: headers and hunks, without the mail around them, so that a reworded message
 * is the same patch. The whole text where anything in it might be read as another kind of diff.
 */
export function diffText(text: string): string {
  const lines = text.replace(/\n$/, '').split('\n');
  const kept: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    const [, before = '1', after = '1'] = hunk.exec(line) ?? [];
    if (!hunk.test(line)) {
      (header.test(line) ? kept : rest).push(line);
      continue;
    }
    const end = hunkEnd(lines, at + 1, Number(before), Number(after));
    if (end === undefined) return text;
    // What stands behind the second @@ is for people.
    kept.push(line.replace(/^(@@[^@]*@@).*/, '$1'), ...lines.slice(at + 1, end));
    at = end - 1;
  }
  return otherDiff.test(rest.join('\n')) || kept.length === 0 ? text : kept.join('\n');
}

/** Where a hunk ends that has so many lines of the old and of the new file; undefined when it is cut or damaged. */
function hunkEnd(
  lines: readonly string[],
  start: number,
  oldLines: number,
  newLines: number,
): number | undefined {
  let [before, after, at] = [oldLines, newLines, start];
  for (; before > 0 || after > 0; at += 1) {
    const sign = (lines[at] ?? '?')[0];
    if (sign === '\\') continue;
    // An empty line is one of context whose space was lost on the way.
    if (sign !== '+' && sign !== '-' && sign !== ' ' && sign !== undefined) return undefined;
    if (sign !== '+') before -= 1;
    if (sign !== '-') after -= 1;
  }
  if (before < 0 || after < 0) return undefined;
  // "\ No newline at end of file" belongs to the line before it.
  return lines[at]?.startsWith('\\') ? at + 1 : at;
}
