// SPDX-License-Identifier: MIT

/** A file of an initramfs. Folders are made as needed. */
export interface ImageFile {
  /** Without a leading slash. */
  readonly path: string;
  readonly data: Uint8Array;
  /** Permission bits; 0o755 for programs. */
  readonly mode: number;
  /** Where it leads, if it is a symbolic link; `data` is empty then. */
  readonly link?: string;
}

const regular = 0o100000;
const folder = 0o040000;
const symbolicLink = 0o120000;
const character = 0o020000;

interface Entry {
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly device?: readonly [major: number, minor: number];
}

/**
 * An initramfs: a cpio archive in "newc" form (Documentation/driver-api/early-userspace/
 * buffer-format.rst) with /dev/console in it. The same files give the same bytes: no times, no ids.
 */
export function packInitramfs(files: readonly ImageFile[]): Buffer {
  const folders = new Set<string>(['dev']);
  for (const file of files) {
    const parts = file.path.split('/').slice(0, -1);
    parts.forEach((_, i) => folders.add(parts.slice(0, i + 1).join('/')));
  }
  const none = new Uint8Array();
  const entries: Entry[] = [
    ...[...folders].sort().map((path) => ({ path, mode: folder | 0o755, data: none })),
    { path: 'dev/console', mode: character | 0o600, data: none, device: [5, 1] },
    ...[...files]
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, data, mode, link }) =>
        link === undefined
          ? { path, data, mode: regular | mode }
          : { path, data: Buffer.from(link), mode: symbolicLink | 0o777 },
      ),
    { path: 'TRAILER!!!', mode: 0, data: none },
  ];
  return Buffer.concat(entries.map((entry, index) => packEntry(entry, index + 1)));
}

function packEntry(entry: Entry, inode: number): Buffer {
  const name = Buffer.from(`${entry.path}\0`);
  const [major, minor] = entry.device ?? [0, 0];
  const links = 1;
  const fields = [
    inode,
    entry.mode,
    0,
    0,
    links,
    0,
    entry.data.length,
    0,
    0,
    major,
    minor,
    name.length,
    0,
  ];
  const header = Buffer.from(
    `070701${fields.map((n) => n.toString(16).padStart(8, '0')).join('')}`,
  );
  return Buffer.concat([pad(Buffer.concat([header, name])), pad(entry.data)]);
}

// Header with name, and data, each end on a multiple of four.
function pad(data: Uint8Array): Buffer {
  return Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]);
}
