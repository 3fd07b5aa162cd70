// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { JobError } from '../model/errors.js';
import { gitOfObjects } from './git.js';

// An object of git is named by the hash of what it is, but git does not look again when it reads one. What is built is
// known by these names, and a stranger's repository may have other objects under the names of yours.

/** A file, link, folder or submodule of a tree. */
export interface TreeEntry {
  /** 100644, 100755, 120000, 40000, 160000; rarely another. */
  readonly mode: string;
  readonly id: string;
}

/** As many as a tarball may have (tar-listing.ts): trees in trees can name more files than a disk holds. */
const mostEntries = 500_000;
const mostDepth = 64;

/** The name of an object, hex. */
export function objectId(type: string, content: Uint8Array, length: number): string {
  const hash = createHash(length === 64 ? 'sha256' : 'sha1');
  return hash.update(`${type} ${content.length}\0`).update(content).digest('hex');
}

/** The error where a repository has something else under a name. */
export const notItsName = (repository: string, what: string): JobError =>
  new JobError([
    {
      message: `${repository}: ${what} is not what its name says`,
      hint: 'the repository is damaged, or somebody has changed it: see git fsck',
    },
  ]);

/**
 * Objects by their names; those that the repository lacks are left out. Throws JobError for one that is not what its
 * name says.
 */
export async function readObjects(
  repository: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (ids.length === 0) return found;
  const input = ids.map((id) => `${id}\n`).join('');
  const asked = { stage: 'source', signal, input, bytes: true };
  const { stdout } = await gitOfObjects(repository, ['cat-file', '--batch'], asked);
  for (let at = 0; at < stdout.length;) {
    // "ID TYPE SIZE", then so many bytes and a line feed; or "ID missing".
    const end = stdout.indexOf('\n', at);
    const [id = '', type = '', size] = stdout.slice(at, end).split(' ');
    at = end + 1;
    if (size === undefined) continue;
    const content = Buffer.from(stdout.slice(at, at + Number(size)), 'latin1');
    if (objectId(type, content, id.length) !== id) throw notItsName(repository, `object ${id}`);
    found.set(id, content);
    at += Number(size) + 1;
  }
  return found;
}

/** The tree of a commit. Throws JobError. */
export async function treeOfCommit(
  repository: string,
  commit: string,
  signal: AbortSignal,
): Promise<string> {
  const content = (await readObjects(repository, [commit], signal)).get(commit);
  const tree = /^tree ([0-9a-f]+)\n/.exec(content?.toString('latin1') ?? '')?.[1];
  if (tree === undefined) throw notItsName(repository, `commit ${commit}`);
  return tree;
}

/** What a tree of a repository holds, read as far as it is asked for. */
export class ObjectTree {
  private readonly read = new Map<string, readonly (TreeEntry & { readonly name: string })[]>();

  /** @param root id of the tree */
  constructor(
    private readonly repository: string,
    private readonly root: string,
  ) {}

  /** Files, links and submodules by their paths, sorted; undefined where the repository lacks the tree. Throws JobError. */
  async all(signal: AbortSignal): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
    await this.load([this.root], signal);
    if (!this.read.has(this.root)) return undefined;
    const rows: [string, TreeEntry][] = [];
    let open = [{ path: '', id: this.root }];
    for (let depth = 0; open.length > 0; depth++) {
      if (depth > mostDepth) throw this.refused(`folders within more than ${mostDepth} others`);
      await this.load(
        open.map(({ id }) => id),
        signal,
      );
      const next: typeof open = [];
      for (const { path, id } of open) {
        for (const entry of this.entries(id)) {
          const place = path === '' ? entry.name : `${path}/${entry.name}`;
          if (isFolder(entry)) next.push({ path: place, id: entry.id });
          else rows.push([place, entry]);
          if (rows.length + next.length > mostEntries) {
            throw this.refused(`more than ${mostEntries} files`);
          }
        }
      }
      open = next;
    }
    return new Map(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** The file, link or submodule of each path; those that are not there are left out. Throws JobError. */
  async find(paths: readonly string[], signal: AbortSignal): Promise<Map<string, TreeEntry>> {
    const found = new Map<string, TreeEntry>();
    let open = paths.map((path) => ({ path, names: path.split('/'), id: this.root }));
    while (open.length > 0) {
      await this.load(
        open.map(({ id }) => id),
        signal,
      );
      open = open.flatMap(({ path, names: [name, ...names], id }) => {
        const entry = this.entries(id).find((one) => one.name === name);
        if (entry === undefined) return [];
        if (names.length > 0) return isFolder(entry) ? [{ path, names, id: entry.id }] : [];
        if (!isFolder(entry)) found.set(path, entry);
        return [];
      });
    }
    return found;
  }

  private entries(id: string): readonly (TreeEntry & { readonly name: string })[] {
    const entries = this.read.get(id);
    if (entries === undefined) throw notItsName(this.repository, `tree ${id}, which is missing,`);
    return entries;
  }

  private async load(ids: readonly string[], signal: AbortSignal): Promise<void> {
    const wanted = [...new Set(ids)].filter((id) => !this.read.has(id));
    for (const [id, content] of await readObjects(this.repository, wanted, signal)) {
      this.read.set(id, entriesOf(content, id.length / 2));
    }
  }

  private refused(why: string): JobError {
    return new JobError([{ message: `${this.repository}: refused: tree ${this.root} has ${why}` }]);
  }
}

const isFolder = ({ mode }: TreeEntry): boolean => mode === '40000';

/** "MODE NAME", a NUL and the bytes of an id, for each. */
function entriesOf(
  content: Buffer,
  idBytes: number,
): readonly (TreeEntry & { readonly name: string })[] {
  const entries: (TreeEntry & { name: string })[] = [];
  for (let at = 0; at < content.length;) {
    const [space, end] = [content.indexOf(0x20, at), content.indexOf(0, at)];
    const next = end + 1 + idBytes;
    if (space < at || end < space || next > content.length) break;
    entries.push({
      mode: content.toString('latin1', at, space),
      name: content.toString('utf8', space + 1, end),
      id: content.toString('hex', end + 1, next),
    });
    at = next;
  }
  return entries;
}
