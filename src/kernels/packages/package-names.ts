// SPDX-License-Identifier: MIT
import { architectureOfPackage } from '../../architectures/architectures.js';
import { JobError } from '../../model/errors.js';
import { debianName } from '../../model/source-ref.js';
import { AptSuite } from '../../system/apt.js';
import { run } from '../../system/processes.js';

/** Not kernels to boot: debug images, and the same ones before they are signed. */
const notBootable = /-(?:dbg|dbgsym|unsigned|headers)$/;

/**
 * `debian:linux-image-*-powerpc64le@SUITE`: every package of the suite that the pattern matches, oldest version
 * first. A name without `*` is given back as it is. Throws JobError when nothing matches; InfraError.
 */
export async function expandPackageName(name: string, signal: AbortSignal): Promise<string[]> {
  const debian = debianName(name);
  if (debian === undefined || !name.includes('*')) return [name];
  const { package: pattern, suite: suiteName = 'sid' } = debian;
  const architecture = architectureOfPackage(pattern);
  const suite = new AptSuite(suiteName, architecture.debian, signal);
  const literal = pattern.replace(/[.+]/g, '\\$&').replaceAll('*', '.*');
  const found = (await suite.search(`^${literal}$`)).filter((pkg) => !notBootable.test(pkg.name));
  if (found.length === 0) {
    const hint = `such as debian:${architecture.image.newestPackage.replace(/-(?=[^-]*$)/, '-*-')}@trixie`;
    throw new JobError([{ message: `Debian ${suiteName} has no package ${pattern}`, hint }]);
  }
  // Versions of packages are not numbers; sort knows their order, "~" included.
  const lines = found.map((pkg) => `${pkg.version} debian:${pkg.name}@${suiteName}\n`);
  const { stdout } = await run(['sort', '-V'], { stage: 'fetch', signal, input: lines.join('') });
  return stdout
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
}
