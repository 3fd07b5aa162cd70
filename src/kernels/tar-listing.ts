// SPDX-License-Identifier: MIT
import { posix } from 'node:path';

/** A member's line begins with its mode; what programs complain of in between does not. */
const modeLine = /^\S[-rwxsStT]{9}[+.]? /;
/** A line of `tar --list --verbose --quoting-style=c`, so quoted that no name can look like another line. */
const memberLine = /^(.)\S+ \S+ +(\d+) \S+ \S+ "([^"\\]*)"(?: -> "([^"\\]*)")?$/;
/** No kernel tree comes near: 7.2 has 93,000 members and 1.6 GB. */
const limits = { members: 500_000, bytes: 16 * 1024 ** 3 } as const;

/** What was learnt of an archive that may be unpacked. */
export interface CheckedListing {
  /** Folders that all members share and that are cut off: 1, or 0 where the tree is not in a folder. */
  readonly strip: 0 | 1;
}

/**
 * Reads a tarball's listing line by line and finds what must not be unpacked: paths and links that
 * lead outside, anything but files, folders and symbolic links, huge sizes. Pure; `fault` is set
 * at the first one.
 */
export class TarListing {
  /** Why the archive is refused; undefined: nothing wrong so far. */
  fault: string | undefined;
  private members = 0;
  private bytes = 0;
  private links = new Map<string, string>();
  private names: string[] = [];

  /** Takes the next line of the listing, or of what tar and its helpers say beside it. */
  feed(line: string): void {
    if (this.fault !== undefined || !modeLine.test(line)) return;
    this.fault = this.check(line);
  }

  /** Everything was seen: the answer, or why the archive is refused. */
  end(): CheckedListing | string {
    if (this.fault !== undefined) return this.fault;
    if (this.members === 0) return 'it is empty';
    for (const name of this.names) {
      const through = this.linkOnTheWay(posix.dirname(name));
      if (through !== undefined) return `${shown(name)} would be written through a link`;
    }
    const tops = new Set(this.names.map((name) => name.split('/', 1)[0] ?? ''));
    const [top = ''] = tops;
    const strip = tops.size === 1 && this.names.some((name) => name.includes('/')) ? 1 : 0;
    for (const [name, target] of this.links) {
      const fault = this.linkFault(name, target, strip === 1 ? top : '.');
      if (fault !== undefined) return fault;
    }
    return { strip };
  }

  private check(line: string): string | undefined {
    if (!/^[-dl]/.test(line)) return `no file, folder or symbolic link: ${shown(line)}`;
    const [, type, size, raw, target] = memberLine.exec(line) ?? [];
    if (type === undefined || raw === undefined) return `a strange name: ${shown(line)}`;
    this.members++;
    this.bytes += Number(size);
    if (this.members > limits.members) return `more than ${limits.members} files`;
    if (this.bytes > limits.bytes) return `more than ${limits.bytes / 1024 ** 3} GiB unpacked`;
    if (raw.startsWith('/')) return `${shown(raw)} is an absolute path`;
    if (raw.split('/').includes('..')) return `${shown(raw)} leads outside`;
    const name = posix.normalize(raw).replace(/\/$/, '');
    if (name !== '.') this.names.push(name);
    if (type === 'l') this.links.set(name, target ?? '');
    return undefined;
  }

  // A target that goes through another link may lead anywhere, whatever its letters say.
  private linkFault(name: string, target: string, root: string): string | undefined {
    const what = `the link ${shown(name)} -> ${shown(target)}`;
    if (target === '' || target.startsWith('/') || name === root) return `${what} leads outside`;
    let place = posix.dirname(name);
    const steps = target.split('/');
    for (const [index, step] of steps.entries()) {
      if (step === '..' && place === root) return `${what} leads outside`;
      place = posix.join(place, step);
      const last = index === steps.length - 1;
      if (!last && this.links.has(place)) return `${what} goes through another link`;
    }
    return undefined;
  }

  private linkOnTheWay(dir: string): string | undefined {
    for (let at = dir; at !== '.' && at !== '/'; at = posix.dirname(at)) {
      if (this.links.has(at)) return at;
    }
    return undefined;
  }
}

const shown = (name: string): string =>
  JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
