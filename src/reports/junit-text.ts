// SPDX-License-Identifier: MIT
import { cleanLine, cleanText } from './text.js';

/**
 * Text of anybody for junit.xml. The builder closes a CDATA section at the second `]]>` of a text. Jenkins and GitLab
 * publish the file that `[[ATTACHMENT|...]]` names, whoever printed it.
 */
export const xmlText = (text: string): string =>
  cleanText(text)
    .replaceAll(']]>', ']] >')
    .replace(/\[\[(?=ATTACHMENT\|)/gi, '[ [');

/** The same on one line. */
export const xmlLine = (text: string): string => xmlText(cleanLine(text));
