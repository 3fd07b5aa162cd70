// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import type { Architecture } from '../architectures/architecture.js';
import {
  architectureOfPackage,
  architectures,
  usualArchitecture,
} from '../architectures/architectures.js';
import { withNearestFile } from '../documents/nearest-file.js';
import { nameOf } from '../jobs/name.js';
import { packageIdentity } from '../kernels/packages/package-identity.js';
import { UsageError } from '../model/errors.js';
import { sourceRef } from '../model/source-ref.js';
import { exists, isFolder } from '../system/files.js';

/** A kernel of a command line: the name of an archive's package, or the files that belong together. */
export interface KernelArgument {
  /** What jobs and results call it; undefined leaves it to the matrix. */
  readonly name: string | undefined;
  readonly files: readonly string[];
  readonly architecture: Architecture;
}

/** Something that the user gave, and what it says that it is. */
interface Given {
  readonly path: string;
  readonly name: string;
  /** With the packager's revision; empty where it is no package. */
  readonly version: string;
  readonly hasImage: boolean;
  /** What the package or the image says; undefined where it says nothing. */
  readonly architecture?: Architecture | undefined;
}

/**
 * The kernels in the order given: each `debian:` name is one, and each `FILE,FILE`. Files without commas are kernels by
 * what the packages say of themselves; a bare image begins one. Throws UsageError for a file that is not there.
 */
export async function kernelArguments(
  given: readonly string[],
  signal: AbortSignal,
): Promise<readonly KernelArgument[]> {
  const isName = (one: string): boolean => sourceRef(one).kind === 'debian';
  const isLoose = (one: string): boolean => !isName(one) && !one.includes(',');
  const loose = await Promise.all(given.filter(isLoose).map((path) => look(path, signal)));
  const groups = together(loose);
  const kernels: (string | readonly Given[])[] = [];
  for (const one of given) {
    if (isName(one)) kernels.push(one);
    else if (!isLoose(one)) {
      const paths = one.split(',').filter(Boolean);
      kernels.push(await Promise.all(paths.map((path) => look(path, signal))));
    } else {
      const group = groups.find(([first]) => first?.path === resolve(one));
      if (group && !kernels.includes(group)) kernels.push(group);
    }
  }
  const names = namesOf(kernels.map((one) => (typeof one === 'string' ? [] : one)));
  return kernels.map((one, index) =>
    typeof one === 'string'
      ? { name: undefined, files: [one], architecture: architectureOfPackage(one) }
      : {
          name: names[index],
          files: one.map(({ path }) => path),
          architecture:
            one.find(({ architecture }) => architecture)?.architecture ?? usualArchitecture,
        },
  );
}

async function look(given: string, signal: AbortSignal): Promise<Given> {
  const path = resolve(given);
  if (!(await exists(path)))
    throw new UsageError(await withNearestFile(path, `${given}: no such file`));
  const none = { path, name: '', version: '' };
  if (await isFolder(path)) return { ...none, hasImage: false };
  const identity = await packageIdentity(path, signal);
  if (identity) {
    const { name, version, architecture: word } = identity;
    const architecture = architectures.find(
      ({ debian, uname }) => word === debian || word === uname,
    );
    return { path, name, version, hasImage: imagePackage.test(name), architecture };
  }
  const hasImage = !/^\.?config\b|\.config$/.test(basename(path));
  const start = await startOf(path);
  const isForm = ({ image }: Architecture): boolean =>
    image.formats.some((format) => format.is(start));
  return { ...none, hasImage, architecture: architectures.find(isForm) };
}

/** The beginning of a file, where an image says what it is for. */
async function startOf(path: string): Promise<Buffer> {
  await using handle = await open(path);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
  return buffer.subarray(0, bytesRead);
}

/** Packages with a kernel's image, of Debian and its relatives, Fedora and its relatives, and openSUSE. */
const imagePackage =
  /^(?:linux-(?:image|binary)-(?!.*-dbg(?:sym)?$)|kernel(?:-(?!modules|devel|headers|tools|doc|source|macros|syms)[\w.]+)*$)/;

/** What the packages of one kernel have in common: the name without the word for the part. */
const kernelOf = (name: string): string =>
  name.replace(/-(?:image|binary|base|modules|core|extra|internal|unsigned|optional)(?=-|$)/g, '');

/** Loose files by kernel, in the order of each kernel's first file; what has no image belongs to the one before. */
function together(loose: readonly Given[]): readonly (readonly Given[])[] {
  const groups = new Map<string, Given[]>();
  for (const one of loose) {
    const key = one.name === '' ? (one.hasImage ? one.path : '') : keyOf(one, loose);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const hasImage = (group: readonly Given[]): boolean => group.some((one) => one.hasImage);
  const kernels: Given[][] = [];
  for (const group of groups.values()) {
    const last = kernels.at(-1);
    if (last && !(hasImage(last) && hasImage(group))) last.push(...group);
    else kernels.push([...group]);
  }
  return kernels;
}

/** A package whose name has no version (`linux-image-powerpc64le`) leads to one of the same version that has. */
function keyOf({ name, version }: Given, loose: readonly Given[]): string {
  const whole = (one: Pick<Given, 'name' | 'version'>): string =>
    `${kernelOf(one.name)} ${one.version}`;
  const [, flavour] = /^linux(-[a-z].*)$/.exec(kernelOf(name)) ?? [];
  const led = loose.find(
    (one) =>
      flavour !== undefined &&
      one.version === version &&
      /^linux-\d/.test(kernelOf(one.name)) &&
      kernelOf(one.name).endsWith(flavour),
  );
  return whole(led ?? { name, version });
}

/** By package, by package and version where two packages have one name, and by folder where two files have. */
function namesOf(kernels: readonly (readonly Given[])[]): readonly (string | undefined)[] {
  const spelt = kernels.map((files) => {
    const main =
      files.find((one) => one.hasImage && one.name !== '') ??
      files.find((one) => one.hasImage) ??
      files[0];
    if (main === undefined) return [];
    const { path, name, version } = main;
    const file = basename(path);
    return (
      name === '' ? [file, `${basename(dirname(path))}-${file}`] : [name, `${name}-${version}`]
    ).map(nameOf);
  });
  return spelt.map(([short, long], index) => {
    const twice = spelt.some(([other], at) => at !== index && other === short);
    return (twice ? long : short) || undefined;
  });
}
