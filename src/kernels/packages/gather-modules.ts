// SPDX-License-Identifier: MIT
import type { Architecture } from '../../architectures/architecture.js';
import { JobError } from '../../model/errors.js';
import { readText, type Found } from './contents.js';
import { loadOrder, readModulesDep, unpackModule, type KernelModule } from './modules.js';
import { moduleName, releaseOf, roleOf } from './names.js';

/** KVM needs three at most. */
const mostModules = 100;

/** What modules are gathered from. */
export interface ModuleSources {
  /** What was found already: modules, and modules.dep where there is one. */
  /** With those that KVM usually needs, so that packages need be read only once. */
  readonly found: readonly Found[];
  readonly architecture: Architecture;
  /** Looks for modules in the packages once more. */
  readonly findMore: (names: ReadonlySet<string>) => Promise<Found[]>;
  /** Release of the image; undefined where it does not say. */
  readonly release: string | undefined;
  /** Where unpacked modules go. */
  readonly dir: string;
  readonly signal: AbortSignal;
}

/**
 * What KVM needs, unpacked, in the order of loading. Needs come from modules.dep, where it is,
 * and from the modules themselves: packages of Debian have none, it is made when they are installed.
 * Throws JobError when a module is in none of the packages, or is for another kernel.
 */
export async function gatherModules(sources: ModuleSources): Promise<KernelModule[]> {
  const { dir, signal, release, architecture } = sources;
  const { module: kvmModule, needs } = architecture.kvm;
  const unpacked = new Map<string, KernelModule>();
  const candidates = [...sources.found];
  const dep = candidates.find(({ name }) => roleOf(name) === 'modules.dep');
  const listed = readModulesDep(dep ? await readText(dep) : '');
  const needsOf = (name: string): string[] | undefined => {
    const module = unpacked.get(name);
    return module && [...new Set([...(listed.get(name) ?? []), ...module.info.depends])];
  };
  const asked = new Set([kvmModule, ...needs]);
  for (;;) {
    const { order, absent } = loadOrder(kvmModule, needsOf);
    if (absent.length === 0) return order.flatMap((name) => unpacked.get(name) ?? []);
    const unasked = new Set(absent.filter((name) => !asked.has(name)));
    if (unasked.size > 0) candidates.push(...(await sources.findMore(unasked)));
    unasked.forEach((name) => asked.add(name));
    if (unpacked.size + absent.length > mostModules) {
      throw new JobError([
        { message: `the module ${kvmModule} needs more than ${mostModules} others` },
      ]);
    }
    for (const name of absent) {
      const from = choose(candidates, name, release);
      if (from === undefined) throw absentError(name, release);
      const module = await unpackModule(from.path, from.origin, dir, {
        architecture,
        signal,
      });
      checkRelease(module, from, release);
      unpacked.set(name, module);
    }
  }
}

// Packages may hold a module twice: the kernel's own is below kernel/, others in extra/ or updates/.
function choose(candidates: readonly Found[], name: string, release?: string): Found | undefined {
  const rank = (found: Found): number =>
    (releaseOf(found.name) === release ? 2 : 0) + (/\/kernel\//.test(found.name) ? 1 : 0);
  return candidates
    .filter((found) => roleOf(found.name) === 'module' && moduleName(found.name) === name)
    .sort((a, b) => rank(b) - rank(a))[0];
}

function absentError(name: string, release: string | undefined): JobError {
  const message = `a module of ${release ?? 'the kernel'} is missing: KVM needs ${name}`;
  const hint = 'give its package too (Debian: linux-modules-*; Fedora: kernel-modules-core)';
  return new JobError([{ message, hint }]);
}

function checkRelease(module: KernelModule, from: Found, release: string | undefined): void {
  const own = module.info.release;
  if (own === undefined || release === undefined || own === release) return;
  const message = `${from.origin}: ${module.name} is for kernel ${own}, and the image is ${release}`;
  throw new JobError([{ message, hint: 'give packages of one version' }]);
}
