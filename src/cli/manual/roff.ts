// SPDX-License-Identifier: MIT
import type { Row } from './tables.js';

/** Text as roff reads it back: no escapes, no requests, minus signs that can be copied. */
export function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^(?=[.'])/gm, '\\&');
}

/** The header of a page of section 1. */
export const header = (name: string, date: string, version: string): string =>
  `.TH ${escape(name.toUpperCase())} 1 ${date} "busyguest ${escape(version)}" "User Commands"\n`;

/** A section; nothing where it is empty. */
export const section = (title: string, body: string): string =>
  body === '' ? '' : `.SH ${title}\n${body.replace(/^\.PP\n/, '')}`;

/** A paragraph, filled. */
export const paragraph = (text: string): string => `.PP\n${escape(text)}\n`;

/** Rows of a bold name and what it is. */
export const rows = (list: readonly Row[]): string =>
  list.map(([name, text]) => `.TP\n.B ${quoteArgument(name)}\n${escape(text)}\n`).join('');

// A macro takes one argument as one; a double quote in it is written twice.
const quoteArgument = (text: string): string => `"${escape(text).replaceAll('"', '""')}"`;

/** Lines as they are. */
export const lines = (text: string): string => `.PP\n.nf\n${escape(text)}\n.fi\n`;
