// SPDX-License-Identifier: MIT

/** A function's definition in a C file of the kernel's style: braces in the first column. Offsets into the text. */
export interface CFunction {
  readonly name: string;
  /** Of its first line. */
  readonly start: number;
  /** Of its opening brace. */
  readonly body: number;
  /** After its last line. */
  readonly end: number;
}

/** Ends what comes before a definition. */
const boundary = /^$|^[}#]|[;/]$/;

/** Every function of a file, in its order; one that is there for two configurations comes twice. */
export function functionsOf(text: string): CFunction[] {
  const lines = text.split('\n');
  const offsets = [0];
  for (const line of lines) offsets.push((offsets.at(-1) ?? 0) + line.length + 1);
  const at = (line: number): number => offsets[line] ?? text.length;
  return lines.flatMap((line, index) => {
    if (line !== '{') return [];
    let first = index;
    while (first > 0 && !boundary.test(lines[first - 1] ?? '')) first--;
    const last = lines.indexOf('}', index);
    const name = /(\w+)\s*\(/.exec(lines.slice(first, index).join('\n'))?.[1];
    if (name === undefined || last < 0) return [];
    return [{ name, start: at(first), body: at(index), end: at(last + 1) }];
  });
}

/** What is not in a function: declarations, data, macros; without comments and blanks. */
export function textBetween(text: string, functions: readonly CFunction[]): string {
  let rest = '';
  let from = 0;
  for (const { start, end } of functions) {
    rest += text.slice(from, start);
    from = end;
  }
  return (rest + text.slice(from)).replace(/\/\*[\s\S]*?\*\//g, '').replace(/\s+/g, ' ');
}

/** The names of a function's parameters; its head is the text before the brace. */
export function parametersOf(head: string, name: string): string[] {
  const inside = head.slice(head.indexOf('(', head.indexOf(name)) + 1);
  const list = inside.slice(0, inside.indexOf(')')).trim();
  if (list === 'void' || list === '') return [];
  return list.split(',').map((parameter) => /(\w+)\s*$/.exec(parameter)?.[1] ?? '');
}
