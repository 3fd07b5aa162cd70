// SPDX-License-Identifier: MIT

/** A word as a POSIX shell reads it back, whatever is in it. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The words of a line that quoteWord() made; not a whole shell: no variables, no double quotes. */
export function splitWords(line: string): string[] {
  const words = line.match(/(?:[^\s'\\]|'[^']*'|\\.)+/gs) ?? [];
  return words.map((word) =>
    word.replace(
      /'([^']*)'|\\(.)/gs,
      (_, quoted?: string, escaped?: string) => quoted ?? escaped ?? '',
    ),
  );
}

/** A whole command as one line. */
export const quoteWords = (argv: readonly string[]): string => argv.map(quoteWord).join(' ');
