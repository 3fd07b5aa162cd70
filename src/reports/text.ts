// SPDX-License-Identifier: MIT

const replacement = '\uFFFD';
const escape = '\u001b';
const bell = '\u0007';
// Not util.stripVTControlCharacters: it overflows the stack on a long hostile sequence, and differs between
// versions of Node. The bounds keep the time linear; an escape that fits nothing is replaced like any control.
const sequences = new RegExp(
  [
    `${escape}\\[[0-?]{0,64}[ -/]{0,8}[@-~]`,
    `${escape}\\][^${bell}${escape}\n]{0,512}(?:${bell}|${escape}\\\\)`,
    `${escape}[ -/]{0,4}[0-Z\\\\^-~]`,
  ].join('|'),
  'g',
);
// Control characters, those that turn the direction of text, lone surrogates, line separators and the two
// non-characters that XML 1.0 forbids.
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\uFFFE\uFFFF]/gu;
const unplain = /[^\n\t -~]/;
/** What we write ourselves: colours of the table, and the line of progress that is written anew. */
const own = /(\r\u001b\[K|\u001b\[(?:0|1|2|3[0-9]|39|22|9[0-7])m)/; // eslint-disable-line no-control-regex

/** What a CI takes for its commands in a log: GitHub `::set-env` and `##[...]`, Azure `##vso[`, TeamCity `##teamcity[`. */
const ciCommands = /^[^\S\n\r\u2028\u2029]*:(?=:)|#(?=#\w*\[)/gm;

/**
 * Text that may have come from a console, made harmless for terminals, XML 1.0, YAML and TAP: escape
 * sequences are dropped, other unprintable characters become U+FFFD. Line feeds and tabs stay.
 */
export function cleanText(text: string): string {
  // Nearly all text is plain, and there may be megabytes of it.
  if (!unplain.test(text)) return text;
  // The look-behind keeps a long run of carriage returns linear.
  const plain = text.replace(/(?<!\r)\r+\n/g, '\n').replace(sequences, '');
  return plain.replace(unprintable, (char) =>
    char === '\n' || char === '\t' ? char : replacement,
  );
}

/**
 * The same for all that is written to a terminal, or to the log of a CI: only the sequences that busyguest itself writes
 * stay, and what a CI would take for a command gets a space that breaks it.
 */
export function terminalText(text: string): string {
  // Every second piece is one of ours.
  const pieces = text.split(own);
  const printable = (piece: string): string =>
    cleanText(piece).replace(ciCommands, (match) => `${match} `);
  return pieces.map((piece, index) => (index % 2 === 1 ? piece : printable(piece))).join('');
}

/** cleanText on one line: every run of white space is one space. */
export function cleanLine(text: string): string {
  return cleanText(text).replace(/\s+/g, ' ').trim();
}

/** One line of printable ASCII; everything else is a question mark. */
export function asciiLine(text: string): string {
  return cleanLine(text).replace(/[^ -~]/gu, '?');
}

/** A time of ISO 8601 for people, to the minute: `2026-11-28 13:06 UTC`; another text as it is. */
export function minuteOf(time: string): string {
  const [, day, minute] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)[\d:.]*Z$/.exec(time) ?? [];
  return day === undefined || minute === undefined ? time : `${day} ${minute} UTC`;
}

/** At most `width` characters, the cut marked by three dots. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text;
  return width < 4 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 3)}...`;
}

/** Words of one line broken into at most `maxLines` lines of at most `width`; the rest is cut with dots. */
export function wrap(text: string, width: number, maxLines: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  const kept = lines.slice(0, maxLines);
  const rest = lines.slice(maxLines - 1).join(' ');
  if (lines.length > maxLines) kept[maxLines - 1] = rest;
  return kept.map((line) => clip(line, width));
}

/** The end of a text, at most `maxBytes` of UTF-8; a cut is marked and never splits a character. */
export function tailBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const mark = '[... cut ...]\n';
  const bytes = Buffer.from(text);
  let start = bytes.length - (maxBytes - mark.length);
  // 0b10xxxxxx continues a character.
  while (start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return mark + bytes.subarray(start).toString();
}

/** The first https URL of a text, without user and password; only what every reader of a URI takes. */
export const httpsUrl =
  /https:\/\/[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?(?::\d{1,5})?(?:\/(?:[\w.~:/?!$&'*+,;=-]|%[0-9a-f]{2}){0,2000})?(?![\w.-]{0,2000}@)/i;
