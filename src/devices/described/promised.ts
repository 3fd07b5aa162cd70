// SPDX-License-Identifier: MIT
import { linearPattern } from '../../documents/pattern.js';
import type { Promised } from '../../model/result.js';
import type { Description } from './schema.js';

/** What a description promises of the machine, for the judge. */
export function promisedBy({ promises = {} }: Description): Promised {
  return Object.fromEntries(
    Object.entries(promises).map(([fact, pattern]) => [
      fact,
      linearPattern(pattern, { ignoreCase: true }),
    ]),
  );
}
