// SPDX-License-Identifier: MIT
import { Document, isCollection, isNode, isPair, isScalar, YAMLMap } from 'yaml';

/** A comment above the place that the path leads to: keys of maps and indexes of lists. */
export interface Note {
  readonly at: readonly (string | number)[];
  readonly text: string;
}

/** How a value is written as YAML. */
export interface Style {
  /** Comment at the top, without `#`; a line each. */
  readonly head: readonly string[];
  readonly notes: readonly Note[];
  /** Maps with these keys stand on one line. */
  readonly flow?: readonly string[];
}

/** YAML for people: with comments, long lines left whole. Throws when a note leads nowhere. */
export function commentedYaml(value: unknown, style: Style): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  for (const { at, text } of style.notes) comment(document, at, ` ${text.replaceAll('\n', '\n ')}`);
  flowMaps(document.contents, new Set(style.flow));
  // A name with a line feed in it must not end the comment.
  const lines = style.head.flatMap((line) => line.split(/[\r\n\u0085\u2028\u2029]+/));
  const head = lines.map((line) => (line === '' ? '#' : `# ${line}`)).join('\n');
  return `${head}\n${document.toString({ lineWidth: 0, singleQuote: true })}`;
}

function comment(document: Document, at: Note['at'], text: string): void {
  const parent = document.getIn(at.slice(0, -1), true);
  const last = at.at(-1);
  if (parent instanceof YAMLMap) {
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === last);
    if (pair !== undefined && isScalar(pair.key)) {
      pair.key.commentBefore = text;
      return;
    }
  }
  const node = document.getIn(at, true);
  if (!isNode(node)) throw new Error(`no ${at.join('.')} to comment`);
  node.commentBefore = text;
}

function flowMaps(node: unknown, keys: ReadonlySet<string>): void {
  if (!isCollection(node)) return;
  for (const item of node.items) {
    if (!isPair(item)) {
      flowMaps(item, keys);
      continue;
    }
    const key = isScalar(item.key) ? String(item.key.value) : '';
    if (keys.has(key) && isCollection(item.value)) item.value.flow = true;
    else flowMaps(item.value, keys);
  }
}
