// SPDX-License-Identifier: MIT
import { lstat, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { run } from '../system/processes.js';
import type { Changes } from './pinned-source.js';

/** Copies some files of a folder, links as links, into another where none of them is; what is not there is left out. */
export async function copyFiles(
  from: string,
  paths: readonly string[],
  to: string,
  signal: AbortSignal,
): Promise<void> {
  const there: string[] = [];
  for (const path of paths) {
    const state = await lstat(join(from, path)).catch(() => undefined);
    if (state && !state.isDirectory()) there.push(path);
  }
  if (there.length === 0) return;
  const list = 'tar -C "$1" --null --no-recursion --verbatim-files-from -T - -cf -';
  const script = `${list} | tar -C "$2" --no-same-owner -xf -`;
  const input = there.map((path) => `${path}\0`).join('');
  const argv = ['bash', '-o', 'pipefail', '-c', script, 'copy', from, to];
  await run(argv, { stage: 'build', signal, input });
}

/** What is other in one folder than in another, by content; undefined where a name is too odd to be told. */
export async function changesBetween(
  before: string,
  after: string,
  signal: AbortSignal,
): Promise<Changes | undefined> {
  const argv = ['diff', '--recursive', '--brief', '--no-dereference', before, after];
  const options = { stage: 'source', signal, env: { LC_ALL: 'C' }, okCodes: [0, 1] };
  const { stdout } = await run(argv, options);
  const paths: string[] = [];
  const added: string[] = [];
  for (const line of stdout.split('\n').filter(Boolean)) {
    const both = /^(?:Files|Symbolic links|File) (.+?) (?:and|is a) /.exec(line)?.[1];
    const only = /^Only in (.+?): (.+)$/.exec(line);
    if (both?.startsWith(`${before}/`)) {
      paths.push(both.slice(before.length + 1));
    } else if (only?.[1] !== undefined && only[2] !== undefined) {
      const top = `${only[1]}/`.startsWith(`${after}/`) ? after : before;
      const path = `${only[1]}/${only[2]}`.slice(top.length + 1);
      const files = await filesUnder(top, path);
      paths.push(...files);
      if (top === after) added.push(...files);
    } else {
      return undefined;
    }
  }
  return { paths, added };
}

/** A file by its path, or all files of a folder by theirs. A program for each would take minutes between two releases. */
async function filesUnder(top: string, path: string): Promise<string[]> {
  if (!(await lstat(join(top, path))).isDirectory()) return [path];
  const found = await readdir(join(top, path), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(top, join(parentPath, name)));
}
