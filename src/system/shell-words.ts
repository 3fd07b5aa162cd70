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

/**
 * A command of busyguest from a file of anybody, which people paste: each word quoted anew, so that a shell starts
 * nothing else. Undefined where it is another command.
 */
export function ownCommand(line: string, command: string): string | undefined {
  const words = splitWords(line);
  const isOwn = words[0] === 'busyguest' && words[1] === command;
  // A word with a control character in it is none that we wrote.
  return isOwn && !words.some((word) => /\p{Cc}/u.test(word)) ? quoteWords(words) : undefined;
}
