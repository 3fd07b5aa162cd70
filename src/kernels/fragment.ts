// SPDX-License-Identifier: MIT

/** A symbol with its value as .config writes it; "n" is not set. */
export interface Setting {
  /** With `CONFIG_`. */
  readonly name: string;
  readonly value: string;
}

/** What a line of a fragment asks for. */
export interface Wanted extends Setting {
  /** What will do in its place, in this order: `CONFIG_A=y # or CONFIG_B or CONFIG_C=m`. */
  readonly or: readonly Setting[];
  /** Whether a kernel without it will do: `# or nothing`. */
  readonly orNothing: boolean;
}

/** A fragment's line, with what may follow the value. */
const setLine = /^(CONFIG_\w+)=("(?:[^"\\]|\\.)*"\s*|[^"#]*)(?:#(.*))?$/;
const unsetLine = /^# (CONFIG_\w+) is not set$/;
const alternative = /^(CONFIG_\w+)(?:=("(?:[^"\\]|\\.)*"|\S+))?$/;

/** What fragments ask for, by name: the later of two lines wins. Throws SyntaxError for an `# or` that is none. */
export function wantedBy(text: string): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const line of text.split('\n')) {
    const [, name, value = '', comment = ''] = setLine.exec(line.trimEnd()) ?? [];
    const unset = unsetLine.exec(line.trimEnd())?.[1];
    if (name !== undefined)
      wanted.set(name, {
        name,
        value: value.trimEnd(),
        ...alternatives(line, value.trimEnd(), comment),
      });
    else if (unset !== undefined) {
      wanted.set(unset, { name: unset, value: 'n', or: [], orNothing: false });
    }
  }
  return wanted;
}

function alternatives(
  line: string,
  value: string,
  comment: string,
): Pick<Wanted, 'or' | 'orNothing'> {
  const [, list] = /^or\s(.*)/.exec(comment.trim()) ?? [];
  if (list === undefined) return { or: [], orNothing: false };
  const words = list.trim().split(/(?<!\s)\s+or\s+/);
  const orNothing = words.at(-1) === 'nothing';
  const or = (orNothing ? words.slice(0, -1) : words).map((word) => {
    const [, name, other = value] = alternative.exec(word) ?? [];
    if (name === undefined) {
      throw new SyntaxError(`"${line.trim()}": "${word}" is neither a symbol nor the word nothing`);
    }
    return { name, value: other };
  });
  return { or, orNothing };
}

/** The symbols that a .config or fragments set: name -> value ("n" for not set). Later ones win. */
export function settings(text: string): Map<string, string> {
  return new Map([...wantedBy(text).values()].map(({ name, value }) => [name, value]));
}
