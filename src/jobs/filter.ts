// SPDX-License-Identifier: MIT
import { linearPattern } from '../documents/pattern.js';
import { UsageError } from '../model/errors.js';
import type { Job } from '../model/job.js';
import { hintFor } from '../documents/nearest.js';

type JobFilter = (job: Job) => boolean;

const fields: Readonly<Record<string, (job: Job) => string>> = {
  kernel: (job) => job.kernel.name,
  device: (job) => job.device,
  test: (job) => job.test.name,
  name: (job) => job.name,
};

const form =
  'write FIELD=VALUE, FIELD!=VALUE, FIELD=~REGEX or FIELD!~REGEX, joined by commas (all must hold); ' +
  `fields: ${Object.keys(fields).join(', ')}`;

/**
 * Reads `device=~powernv,kernel=patched`: terms joined by commas, all of which must hold. A regular expression
 * matches anywhere in the value. Throws UsageError that says what is valid.
 */
export function parseFilter(text: string): JobFilter {
  const terms = text.split(',').map((term) => parseTerm(term.trim(), text));
  return (job) => terms.every((term) => term(job));
}

function parseTerm(term: string, text: string): JobFilter {
  const fail = (what: string, hint = form): never => {
    throw new UsageError(`--filter ${JSON.stringify(text)}: ${what}; ${hint}`);
  };
  const match = /^([^=!~\s]*)\s*(=~|!~|!=|=)\s*([^]*)/.exec(term);
  if (match === null) return fail(term === '' ? 'a term is empty' : `"${term}" is no condition`);
  const [, field = '', operator = '', value = ''] = match;
  const read = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (read === undefined)
    return fail(`unknown field "${field}"`, `${hintFor(field, Object.keys(fields))} ${form}`);
  if (value === '') return fail(`"${term}" lacks a value`);
  // Names contain none of these, so `==` or `=/x/` can only be a slip.
  if (!operator.endsWith('~') && !/^[a-z0-9._-]+$/i.test(value)) {
    return fail(`"${value}" cannot be the name of a ${field}`);
  }
  const wanted = !operator.startsWith('!');
  const holds = operator.endsWith('~') ? matcher(value, fail) : (name: string) => name === value;
  return (job) => holds(read(job)) === wanted;
}

function matcher(pattern: string, fail: (what: string) => never): (name: string) => boolean {
  try {
    const regex = linearPattern(pattern);
    return (name) => regex.test(name);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
