// SPDX-License-Identifier: MIT
import { cleanText } from '../text.js';

/** Text that is HTML already. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand in a template: text is escaped, markup is not, lists are joined, undefined is nothing. */
export type Part = Markup | string | number | undefined | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** The one escape function: text as HTML text or as a quoted attribute, without a console's escape sequences. */
export function escapeHtml(text: string): string {
  return cleanText(text).replace(/[&<>"']/g, (char) => entities[char] ?? '');
}

function textOf(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escapeHtml(part);
  return typeof part === 'number' ? String(part) : part.map(textOf).join('');
}

// Indentation is for the reader of the source; a page of 200 jobs has no use for it.
const dense = new WeakMap<TemplateStringsArray, readonly string[]>();

function denseTexts(strings: TemplateStringsArray): readonly string[] {
  let texts = dense.get(strings);
  if (!texts) {
    texts = strings.map((text) => text.replace(/(?<!\s)\s*\n\s*/g, '\n'));
    dense.set(strings, texts);
  }
  return texts;
}

/** Template tag that escapes everything put into it but Markup. Attributes must stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const texts = denseTexts(strings);
  return new Markup(texts.map((text, index) => text + textOf(parts[index])).join(''));
}

/** Markup only where there is something to show. */
export function when(condition: boolean, markup: () => Markup): Markup | undefined {
  return condition ? markup() : undefined;
}
