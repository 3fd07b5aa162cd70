// SPDX-License-Identifier: MIT
import { constants, createWriteStream, type Stats } from 'node:fs';
import {
  lchown,
  lstat,
  lutimes,
  mkdir,
  open,
  readlink,
  rm,
  rmdir,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { JobError } from '../model/errors.js';

/** A file of a kernel tree as git has it: a regular one, one that can be executed, or a symbolic link. */
export interface TreeFile {
  readonly mode: '100644' | '100755' | '120000';
  /** Of a link: its target. */
  readonly content: Buffer;
}

/** No file of a kernel tree that a patch changes comes near; a device or a FIFO has no end. */
const largestBytes = 64 * 1024 ** 2;

/** Whether a path from a patch or a tree can only be that of a file within a tree. */
export const isInTree = (path: string): boolean =>
  path !== '' &&
  !path.includes('\0') &&
  path.split('/').every((name) => !['', '.', '..', '.git'].includes(name.toLowerCase()));

/**
 * A file of a tree in a folder, never through a link: undefined where nothing, a folder or something else than a file
 * is there. Throws JobError for one that is too large.
 */
export async function readTreeFile(tree: string, path: string): Promise<TreeFile | undefined> {
  if (!isInTree(path) || (await linkAbove(tree, path)) !== undefined) return undefined;
  const place = join(tree, path);
  const state = await lstat(place).catch(() => undefined);
  if (state?.isSymbolicLink()) return { mode: '120000', content: await readlink(place, 'buffer') };
  if (!state?.isFile()) return undefined;
  await using file = await open(place, constants.O_RDONLY | constants.O_NOFOLLOW);
  const { size, mode } = await file.stat();
  if (size > largestBytes) {
    throw new JobError([{ message: `${path}: more than ${largestBytes / 1024 ** 2} MiB` }]);
  }
  return { mode: isExecutable(mode) ? '100755' : '100644', content: await file.readFile() };
}

/**
 * The text of a file that a build has left in a folder, undefined where it is none: never through a link, for a build
 * may have put one there that leads to a file of the user's.
 */
export async function readBuilt(dir: string, path: string): Promise<string | undefined> {
  const file = await readTreeFile(dir, path);
  return file === undefined || file.mode === '120000' ? undefined : file.content.toString();
}

/** The largest kernel with debug information has a tenth of it. */
const largestBuiltBytes = 16 * 1024 ** 3;

/** Copies a file that a build has left, in the same way. Throws JobError if there is no such file. */
export async function copyBuilt(dir: string, path: string, to: string): Promise<void> {
  const isLinked = (await linkAbove(dir, path)) !== undefined;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  await using file = isLinked
    ? undefined
    : await open(join(dir, path), flags).catch(() => undefined);
  const state = await file?.stat();
  if (file === undefined || !state?.isFile() || state.size > largestBuiltBytes) {
    throw new JobError([{ message: `the build left no file ${path}` }]);
  }
  await pipeline(
    file.createReadStream({ autoClose: false }),
    createWriteStream(to, { flags: 'wx' }),
  );
}

/** Dates a file that a build has left, seconds; where none is, or only through a link, nothing happens. */
export async function dateBuilt(dir: string, path: string, seconds: number): Promise<void> {
  if (!isInTree(path) || (await linkAbove(dir, path)) !== undefined) return;
  await lutimes(join(dir, path), seconds, seconds).catch(() => undefined);
}

/** Writes a file into a folder that a build writes to as well, and whose owner it gets; what is there goes. */
export async function writeForBuild(dir: string, path: string, text: string): Promise<void> {
  const content = Buffer.from(text);
  await writeTreeFiles(dir, new Map([[path, { mode: '100644', content }]] as const));
  // The cage gives the folder as a whole to who builds there, once. Only a file's owner can date it.
  const { uid, gid } = await stat(dir);
  await lchown(join(dir, path), uid, gid);
}

const isExecutable = (mode: Stats['mode']): boolean => (mode & 0o100) !== 0;

/** The symbolic link through which a path of a tree would lead, or undefined. */
export async function linkAbove(tree: string, path: string): Promise<string | undefined> {
  const names = path.split('/').slice(0, -1);
  let above = '';
  for (const name of names) {
    above = above === '' ? name : `${above}/${name}`;
    const state = await lstat(join(tree, above)).catch(() => undefined);
    if (state === undefined) return undefined;
    if (state.isSymbolicLink()) return above;
  }
  return undefined;
}

/** Puts files into a tree in a folder, in place of what is there; undefined: the file goes. Throws JobError. */
export async function writeTreeFiles(
  tree: string,
  files: ReadonlyMap<string, TreeFile | undefined>,
): Promise<void> {
  for (const path of files.keys()) {
    const link = isInTree(path) ? await linkAbove(tree, path) : path;
    if (link !== undefined) {
      throw new JobError([{ message: `${path}: leads through a symbolic link, ${link}` }]);
    }
    await rm(join(tree, path), { force: true }).catch((error: unknown) => {
      // A folder, which goes with the last of its files.
      if ((error as NodeJS.ErrnoException).code !== 'ERR_FS_EISDIR') throw error;
    });
  }
  for (const [path, file] of files) if (file === undefined) await dropEmpty(tree, dirname(path));
  for (const [path, file] of files) {
    if (file === undefined) continue;
    const place = join(tree, path);
    await mkdir(dirname(place), { recursive: true });
    if (file.mode === '120000') await symlink(file.content, place);
    else await writeFile(place, file.content, { mode: file.mode === '100755' ? 0o755 : 0o644 });
  }
}

/** Removes a file or folder of a tree; what lies behind a link is not the tree's, and stays. */
export async function removeFromTree(tree: string, path: string): Promise<void> {
  if ((await linkAbove(tree, path)) !== undefined) return;
  await rm(join(tree, path), { recursive: true, force: true });
}

async function dropEmpty(tree: string, path: string): Promise<void> {
  for (let dir = path; dir !== '.'; dir = dirname(dir)) {
    try {
      await rmdir(join(tree, dir));
    } catch {
      return;
    }
  }
}

/** Why a link of a tree is refused; undefined: its target is within the tree. */
export function linkFault(path: string, target: string): string | undefined {
  const place = posix.normalize(posix.join(posix.dirname(path), target));
  const leads = target.startsWith('/') || place === '..' || place.startsWith('../');
  return leads ? `${path}: a symbolic link to ${target}, which is outside the tree` : undefined;
}
