// SPDX-License-Identifier: MIT

/** Any text as one part of a URL's path, or as a value of its query; half of a character becomes U+FFFD. */
export const urlPart = (text: string): string =>
  encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\uFFFD'));
