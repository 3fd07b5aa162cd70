// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { JobError } from '../../model/errors.js';
import { digest, exists, isFolder } from '../../system/files.js';
import { cachedDigest } from '../../system/file-facts.js';
import { extract, fileKind, type Wanted } from './archive.js';
import { roleOf } from './names.js';
import { limits, refusal } from './refusal.js';

/** A file that was found for a kernel. */
export interface Found {
  /** Name below the package's root: `boot/...`, `usr/lib/modules/RELEASE/...`. */
  readonly name: string;
  /** Where it can be read. */
  readonly path: string;
  /** The package, folder or file that the user gave. */
  readonly origin: string;
}

/** The text of a file that was found. Throws JobError for one that is no config and no list of modules by its size. */
export async function readText({ path, origin, name }: Found): Promise<string> {
  if ((await stat(path)).size > limits.textBytes) throw refusal(origin, `${name} is too large`);
  return readFile(path, 'utf8');
}

/** Something that the user gave and that holds files of a kernel. */
export interface Contents {
  /** Of its content, or of a folder's names, sizes and times. */
  readonly id: string;
  /** The wanted files; what must be unpacked goes below `dir`, a new folder. */
  find(wanted: Wanted, dir: string, signal: AbortSignal): Promise<Found[]>;
}

/**
 * A .deb, an .rpm, a folder (lib/modules/RELEASE, or a tree of unpacked packages), an image or a
 * config (told by its name). Throws JobError when it is not there.
 */
export async function openContents(path: string): Promise<Contents> {
  if (!(await exists(path))) throw new JobError([{ message: `${path}: no such file or folder` }]);
  if (await isFolder(path)) return folderContents(path);
  const id = await cachedDigest(path);
  if ((await fileKind(path)) !== 'other') {
    return {
      id,
      async find(wanted, dir, signal) {
        const files = await extract(path, wanted, dir, signal);
        return [...files].map(([name, at]) => ({ name, path: at, origin: path }));
      },
    };
  }
  const isConfig = /^\.?config\b|\.config$/.test(basename(path));
  const name = isConfig ? 'boot/config-given' : 'boot/vmlinux';
  const found = { name, path, origin: path };
  return {
    id: `${name} ${id}`,
    find: async (wanted) => Promise.resolve(wanted(name) ? [found] : []),
  };
}

async function folderContents(folder: string): Promise<Contents> {
  const all: Found[] = [];
  const hash = createHash('sha256');
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    // Links are not followed: `build` and `source` lead into whole kernel trees.
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = rooted(relative(folder, path), basename(folder));
    if (roleOf(name) === 'other') continue;
    if (all.length >= limits.members)
      throw new JobError([{ message: `${folder}: too many files` }]);
    const { size, mtimeMs } = await stat(path);
    hash.update(`${path} ${size} ${mtimeMs}\n`);
    all.push({ name, path, origin: folder });
  }
  all.sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    id: digest(folder, hash.digest('hex')),
    find: async (wanted) => Promise.resolve(all.filter(({ name }) => wanted(name))),
  };
}

function rooted(name: string, folder: string): string {
  return /^(?:boot|(?:usr\/)?lib\/modules)\//.test(name) ? name : `lib/modules/${folder}/${name}`;
}
