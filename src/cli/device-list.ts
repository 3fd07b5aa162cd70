// SPDX-License-Identifier: MIT
import { hintFor } from '../documents/nearest.js';
import type { Architecture } from '../architectures/architecture.js';
import { usualArchitecture } from '../architectures/architectures.js';
import { deviceNames } from '../devices/registry.js';
import { UsageError } from '../model/errors.js';

const isPattern = (text: string): boolean => /[*?]/.test(text);

function matching(pattern: string): readonly string[] {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`);
  return deviceNames().filter((name) => expression.test(name));
}

/**
 * The devices that `--device` names, each once: names, patterns, and `all` for every emulated machine of the
 * architecture. A name that is no device stays, for its hint. Throws UsageError for a pattern that fits none.
 */
export function deviceList(
  given: readonly string[],
  { machines }: Architecture = usualArchitecture,
): readonly string[] {
  const found = given.flatMap((one): readonly string[] => {
    if (one === 'all')
      return machines.map(({ name }) => name).filter((name) => name.startsWith('qemu-'));
    if (!isPattern(one)) return [one];
    const names = matching(one);
    if (names.length > 0) return names;
    throw new UsageError(`--device ${one}: no device fits; ${hintFor(one, deviceNames())}`);
  });
  return [...new Set(found)];
}
