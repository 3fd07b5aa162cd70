// SPDX-License-Identifier: MIT
import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JobError } from '../../model/errors.js';
import { use } from '../../system/cache.js';
import { digest, makeFolderWhole } from '../../system/files.js';
import { withLock } from '../../system/lock.js';
import type { Architecture, Config, KvmParts } from '../../architectures/architecture.js';
import { factsOf, keyOf, usualArchitecture } from '../../architectures/architectures.js';
import { configFacts, missingConfig, readConfig } from './config-check.js';
import { openContents, readText, type Contents, type Found } from './contents.js';
import { gatherModules } from './gather-modules.js';
import { unpackImage, type KernelImage } from './kernel-image.js';
import { moduleName, releaseOf, roleOf } from './names.js';
import { packageIdentity } from './package-identity.js';

/** Goes up when the way of unpacking changes what comes out. */
const unpackFormat = '2';

/** A kernel of a distribution, unpacked and ready to boot. */
export interface DistroKernel {
  /** A vmlinux or zImage, for QEMU's -kernel. */
  readonly image: string;
  /** Identity: the same for the same packages. */
  readonly key: string;
  readonly release: string;
  /** In the order of loading; empty where KVM is built in. */
  readonly modules: readonly { readonly name: string; readonly path: string }[];
  /** What the test needs and the kernel's config lacks; empty when no config was given. */
  readonly missing: readonly string[];
  /** For the kernel command line. */
  readonly commandLine: readonly string[];
  readonly facts: Readonly<Record<string, string>>;
}

/**
 * Options that a distribution's kernel needs to answer in time and readably (docs/decisions.md):
 * its crypto self-tests run on after boot and take the only CPU from the guest; level 6 leaves out
 * two hundred lines of boot but no warning (4), error (3) or oops (0), and keeps the banner (5).
 */
export const distroCommandLine = ['cryptomgr.notests', 'loglevel=6', 'audit=0'] as const;

/** What is kept of a DistroKernel beside its files. */
type Summary = Omit<DistroKernel, 'image' | 'key' | 'modules' | 'commandLine'> & {
  readonly modules: readonly string[];
};

/**
 * Makes packages bootable: .deb or .rpm files that belong together, or a bare image with a folder
 * of modules and perhaps a config. The result is kept in `cache`, in a folder of its own, and
 * made once. Nothing is written elsewhere. Throws JobError when the packages are hostile,
 * damaged, incomplete or not for the architecture; InfraError; InterruptedError.
 */
export async function openPackages(
  files: readonly string[],
  cache: string,
  signal: AbortSignal,
  architecture: Architecture = usualArchitecture,
): Promise<DistroKernel> {
  if (files.length === 0) throw new JobError([{ message: 'no kernel package was given' }]);
  const packages = await Promise.all(files.map(openContents));
  const labels = files.map((file) => basename(file)).sort();
  const ids = packages.map(({ id }) => id).sort();
  const key = digest(unpackFormat, ...keyOf(architecture), ...labels, ...ids).slice(0, 24);
  const dir = join(cache, key);
  await withLock(
    `${dir}.lock`,
    signal,
    () => {},
    async () => {
      if (await use(dir)) return;
      await makeFolderWhole(dir, async (temporary) => {
        const summary = await unpackKernel(packages, temporary, architecture, signal);
        const facts = { kernel_packages: labels.join(' '), ...summary.facts };
        await writeFile(join(temporary, 'kernel.json'), JSON.stringify({ ...summary, facts }));
      });
    },
  );
  const summary = JSON.parse(await readFile(join(dir, 'kernel.json'), 'utf8')) as Summary;
  const modules = summary.modules.map((name) => ({ name, path: join(dir, 'modules', name) }));
  return { ...summary, modules, key, image: join(dir, 'image'), commandLine: distroCommandLine };
}

/** Looks for files in packages, more than once; each time into folders of its own. */
function finderIn(
  packages: readonly Contents[],
  scratch: string,
  signal: AbortSignal,
): (wanted: (name: string) => boolean) => Promise<Found[]> {
  let round = 0;
  return async (wanted) => {
    round += 1;
    const found: Found[] = [];
    for (const [i, contents] of packages.entries()) {
      found.push(...(await contents.find(wanted, join(scratch, `${round}-${i}`), signal)));
    }
    return found;
  };
}

async function unpackKernel(
  packages: readonly Contents[],
  dir: string,
  architecture: Architecture,
  signal: AbortSignal,
): Promise<Summary> {
  const { kvm: parts } = architecture;
  const usualModules = new Set([parts.module, ...parts.needs]);
  const scratch = join(dir, 'unpacked');
  const find = finderIn(packages, scratch, signal);
  const isModule = (name: string, names: ReadonlySet<string>): boolean =>
    roleOf(name) === 'module' && names.has(moduleName(name));
  const found = await find(
    (name) => isModule(name, usualModules) || !['module', 'other'].includes(roleOf(name)),
  );
  const from = chooseImage(found);
  const image = await unpackImage(from.path, from.origin, join(dir, 'image'), {
    architecture,
    signal,
  });
  const config = await keepConfig(found, dir);
  const kvm = await kvmState(found, config, image, parts);
  await mkdir(join(dir, 'modules'));
  const modules =
    kvm !== 'm'
      ? []
      : await gatherModules({
          found,
          architecture,
          findMore: (names) => find((name) => isModule(name, names)),
          release: image.release ?? releaseOf(from.name),
          dir: join(dir, 'modules'),
          signal,
        });
  await rm(scratch, { recursive: true, force: true });
  const release = image.release ?? modules[0]?.info.release ?? releaseOf(from.name) ?? 'unknown';
  const names = modules.map(({ name }) => name);
  const identity = await packageIdentity(from.origin, signal);
  const facts = {
    ...factsOf(architecture),
    ...(identity && { kernel_source: `${identity.name} ${identity.version}` }),
    kernel_release: release,
    kernel_image: image.format,
    kernel_modules: names.join(' ') || 'none',
    ...(config ? configFacts(config, architecture) : { [parts.fact]: kvm }),
  };
  const missing = config
    ? missingConfig(config, { architecture, modules: true })
    : kvm === 'n'
      ? ['KVM: no part of it is in the image']
      : [];
  return { release, modules: names, missing, facts };
}

// Of an image that is there both as it is and compressed, the first; a symbolic link is in no list.
function chooseImage(found: readonly Found[]): Found {
  const images = found.filter(({ name }) => roleOf(name) === 'image');
  const plain = images.filter(({ name }) => !/\.(?:gz|xz|zst)$/.test(name));
  const candidates = plain.length > 0 ? plain : images;
  const [first] = candidates;
  if (first === undefined) {
    const hint =
      'give the package with the image too (Debian: linux-image-* or linux-binary-*; Fedora: kernel-core)';
    throw new JobError([{ message: 'no kernel image is in the given packages', hint }]);
  }
  const releases = new Set(candidates.map(({ name }) => releaseInName(name)));
  if (releases.size > 1) {
    const message = `the given packages hold several kernels: ${[...releases].join(', ')}`;
    throw new JobError([{ message, hint: 'give the packages of one kernel' }]);
  }
  return first;
}

const releaseInName = (name: string): string =>
  releaseOf(name) ?? name.replace(/^boot\/[^-]*-?/, '');

async function keepConfig(found: readonly Found[], dir: string): Promise<Config | undefined> {
  const file = found.find(({ name }) => roleOf(name) === 'config');
  if (file === undefined) return undefined;
  const text = await readText(file);
  await copyFile(file.path, join(dir, 'config'));
  return readConfig(text);
}

async function kvmState(
  found: readonly Found[],
  config: Config | undefined,
  image: KernelImage,
  { module, symbol }: KvmParts,
): Promise<string> {
  if (config) return config.get(symbol) ?? 'n';
  if (found.some(({ name }) => roleOf(name) === 'module' && moduleName(name) === module))
    return 'm';
  const list = found.find(({ name }) => roleOf(name) === 'modules.builtin');
  const builtIn = list ? (await readText(list)).split('\n').map(moduleName) : [];
  return builtIn.includes(module) ? 'y' : image.kvm;
}
