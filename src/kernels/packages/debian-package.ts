// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import type { Architecture } from '../../architectures/architecture.js';
import { architectureOfPackage } from '../../architectures/architectures.js';
import { JobError } from '../../model/errors.js';
import type { Say } from '../../model/event.js';
import { debianName } from '../../model/source-ref.js';
import { AptSuite, type AptPackage } from '../../system/apt.js';
import { cacheDir } from '../../system/files.js';
import { withLock } from '../../system/lock.js';

/** Parts of a kernel that Debian has packaged by themselves, at one time or another. */
const kernelPackage = /^linux-(?:image|binary|modules|base)-./;

/** Packages that make one kernel, downloaded and checked by apt. */
export interface DebianPackages {
  /** The .deb files, for openPackages(). */
  readonly files: readonly string[];
  /** Package, version and suite. */
  readonly label: string;
}

/** Whether `debian:PACKAGE[@SUITE]` names a kernel package, and not a source package. */
export function namesKernelPackage(name: string): boolean {
  return kernelPackage.test(debianName(name)?.package ?? '');
}

/**
 * `debian:linux-image-powerpc64le@sid`: the newest version, with every package of the same version
 * that it depends on: a meta package leads to the kernel, a split kernel to its parts. Without a
 * suite: sid. Throws JobError when the suite has no such package; InfraError.
 */
export async function debianPackages(
  name: string,
  signal: AbortSignal,
  say: Say,
): Promise<DebianPackages> {
  const { package: asked = '', suite: suiteName = 'sid' } = debianName(name) ?? {};
  const architecture = architectureOfPackage(asked);
  const suite = new AptSuite(suiteName, architecture.debian, signal);
  return suite.withNewLists(() => fetchParts(suite, asked, architecture, signal, say));
}

async function fetchParts(
  suite: AptSuite,
  asked: string,
  { debian, image }: Architecture,
  signal: AbortSignal,
  say: Say,
): Promise<DebianPackages> {
  const suiteName = suite.suite;
  say(`looking for ${asked} in Debian ${suiteName}`);
  const parts = await kernelParts(suite, asked);
  const [first] = parts;
  if (first === undefined) {
    const message = `Debian ${suiteName} has no package ${asked} for ${debian}`;
    throw new JobError([
      { message, hint: `${image.newestPackage} is the newest kernel of a suite` },
    ]);
  }
  const lock = join(cacheDir('apt'), `${suiteName.replaceAll('/', '_')}-${debian}.download.lock`);
  const files = await withLock(
    lock,
    signal,
    (pid) => say(`waiting for process ${pid}`),
    async () => {
      const fetched: string[] = [];
      for (const part of parts) {
        fetched.push(await suite.download(part, say));
      }
      return fetched;
    },
  );
  return { files, label: `${asked} ${first.version} (Debian ${suiteName})` };
}

// Only dependencies on exactly the same version: kmod and initramfs-tools are not part of the kernel.
async function kernelParts(suite: AptSuite, asked: string): Promise<AptPackage[]> {
  const parts = new Map<string, AptPackage>();
  const add = async (name: string): Promise<void> => {
    if (parts.has(name)) return;
    const found = await suite.show(name);
    if (found === undefined) return;
    parts.set(name, found);
    for (const needed of await suite.depends(name)) {
      const isPart = kernelPackage.test(needed.name) && needed.version === found.version;
      if (isPart) await add(needed.name);
    }
  };
  await add(asked);
  return [...parts.values()];
}
