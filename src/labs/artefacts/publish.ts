// SPDX-License-Identifier: MIT
import { copyFile, mkdir, rename, rm, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../../model/errors.js';
import { FileServer } from '../../system/file-server.js';
import { digestFile, exists, temporaryFor } from '../../system/files.js';
import { copyByRsync } from '../../system/rsync.js';
import { withScratch } from '../../system/scratch.js';
import type { Artefact } from './artefact.js';
import type { Target } from './target.js';

/** A file to publish. */
export interface ArtefactFile {
  /** What it is: `vmlinux`, `initramfs.cpio`. Goes into its name. */
  readonly kind: string;
  readonly path: string;
}

/** Published files by their path. Disposing of it ends the server, where there is one; files stay. */
export interface Published extends AsyncDisposable {
  readonly artefacts: ReadonlyMap<string, Artefact>;
  /** How many were not there before. */
  readonly added: number;
}

/**
 * Puts files where workers can fetch them, under names made of their content: what is there is
 * there already, and a job of last week still finds its own. Throws InfraError.
 */
export async function publish(
  files: readonly ArtefactFile[],
  target: Target,
  signal: AbortSignal,
): Promise<Published> {
  const named = await Promise.all(files.map(name));
  const unique = [...new Map(named.map((one) => [one.name, one])).values()];
  if (target.kind === 'server') {
    const todo = 'an address of this machine and a free port are needed';
    const server = await FileServer.listen({ ...target, stage: 'publish', todo });
    for (const { path, name } of unique) server.offer(path, name);
    return {
      artefacts: located(named, server.urlFrom(target.host)),
      added: unique.length,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const added =
    target.kind === 'folder'
      ? await intoFolder(unique, target.dir)
      : await byRsync(unique, target.remote, signal);
  return {
    artefacts: located(named, target.url),
    added,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

type Named = ArtefactFile & Omit<Artefact, 'url'>;

async function name(file: ArtefactFile): Promise<Named> {
  const [sha256, { size }] = await Promise.all([digestFile(file.path), stat(file.path)]);
  return { ...file, sha256, bytes: size, name: `${file.kind}-${sha256.slice(0, 24)}` };
}

const located = (files: readonly Named[], url: string): Map<string, Artefact> =>
  new Map(
    files.map(({ path, kind, name, sha256, bytes }) => [
      path,
      { kind, name, url: new URL(name, url).href, sha256, bytes },
    ]),
  );

async function intoFolder(files: readonly Named[], dir: string): Promise<number> {
  await mkdir(dir, { recursive: true });
  let added = 0;
  for (const { path, name } of files) {
    if (await exists(join(dir, name))) continue;
    const temporary = temporaryFor(join(dir, name));
    try {
      await copyFile(path, temporary);
      await rename(temporary, join(dir, name));
    } catch (error) {
      await rm(temporary, { force: true });
      throw new InfraError('publish', `${dir}: ${(error as Error).message}`);
    }
    added++;
  }
  return added;
}

async function byRsync(
  files: readonly Named[],
  remote: string,
  signal: AbortSignal,
): Promise<number> {
  return withScratch('publish', async (links) => {
    for (const { path, name } of files) await symlink(path, join(links, name));
    // rsync writes under another name and renames at the end: what is there is whole.
    const flags = ['--copy-links', '--ignore-existing', '--out-format=%n'];
    const stdout = await copyByRsync([`${links}/`], remote, flags, signal);
    return files.filter((file) => stdout.split('\n').includes(file.name)).length;
  });
}
