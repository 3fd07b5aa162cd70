// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import type * as Re2 from 're2js';
import type { Pattern } from '../model/job.js';

// Loaded when the first expression is: most commands have none.
const engine = (): typeof Re2.RE2JS =>
  (createRequire(import.meta.url)('re2js') as typeof Re2).RE2JS;

/**
 * A regular expression of a user's, in RE2's syntax: its time grows with the text's length and no faster, so none can
 * keep us busy for ever. It has no look-around and no back references. Throws Error with what is wrong.
 */
export function linearPattern(source: string, { ignoreCase = false } = {}): Pattern {
  const RE2JS = engine();
  const compiled = RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  return { source, test: (text) => compiled.matcher(text).find() };
}

/** What is wrong with an expression, or undefined. */
export function patternFault(source: string): string | undefined {
  try {
    linearPattern(source);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace('error parsing regexp', 'no regular expression of RE2');
  }
}
