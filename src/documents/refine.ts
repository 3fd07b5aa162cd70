// SPDX-License-Identifier: MIT
import { z } from 'zod';

/** The most entries of a list in a job matrix. */
export const longestList = 64;

/** One value, or a list of them. */
export function oneOrMore<T extends z.ZodType>(one: T) {
  return z.union([one, z.array(one).min(1).max(longestList)]);
}

/** What a check of a text says, as zod wants it. */
export function refineWith(fault: (text: string) => string | undefined) {
  return (text: string, context: z.RefinementCtx<string>): void => {
    const message = fault(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  };
}
