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
