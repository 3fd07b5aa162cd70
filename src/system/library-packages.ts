// SPDX-License-Identifier: MIT
import { InfraError } from '../model/errors.js';
import type { AptPackage, AptSuite } from './apt.js';

/**
 * A program's package first, then `beside` it, then every library package that it depends on, directly or not.
 * Throws InfraError where the suite lacks the program, NotInArchiveError.
 */
export async function withLibraries(
  suite: AptSuite,
  program: string,
  beside: readonly string[],
): Promise<AptPackage[]> {
  const packages: AptPackage[] = [];
  const queue = [program, ...beside];
  const seen = new Set(queue);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const found = await suite.show(name);
    if (found === undefined) {
      // A virtual package: what provides it is in nobody's list of libraries.
      if (packages.length > 0) continue;
      const arch = suite.architecture ?? 'this machine';
      throw new InfraError('image', `Debian ${suite.suite} has no ${name} for ${arch}`);
    }
    packages.push(found);
    if (beside.includes(name)) continue;
    for (const needed of await suite.depends(name)) {
      const isLibrary = /^(?:lib|zlib)/.test(needed.name);
      if (!isLibrary || seen.has(needed.name)) continue;
      seen.add(needed.name);
      queue.push(needed.name);
    }
  }
  return packages;
}
