// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** What names in a job matrix look like: they become names of folders. */
export const namePattern = /^[a-z0-9][a-z0-9._-]*$/;

/** A name in a job matrix. */
export const name = z
  .string()
  .max(64)
  .regex(namePattern, {
    error: (issue) =>
      `${JSON.stringify(issue.input)} is not a name: use a-z, 0-9, ".", "_", "-", and begin with a letter or digit`,
  });

/** A text as a name: small letters, and a dash for what names may not hold. May be empty. */
export const nameOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 60);
