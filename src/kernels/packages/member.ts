// SPDX-License-Identifier: MIT
import { limits, refusal, shown } from './refusal.js';

/** An entry of an archive, as it stands there. */
export interface Member {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'symlink' | 'hardlink' | 'device';
  /** Bytes of content. */
  readonly size: number;
  /** Where a link leads; a hard link of cpio does not say it. */
  readonly target?: string;
  /** The content, once. */
  content(): AsyncIterable<Buffer>;
}

/**
 * The name of a member below the archive's root, without `.` and doubled slashes; '' is the root.
 * Throws JobError for anything that could lead elsewhere or that no kernel package holds, whether
 * or not the member is wanted: such an archive was not made by a distribution.
 */
export function safeName(member: Member, file: string): string {
  const { name, kind, size, target } = member;
  const no = (why: string): never => {
    throw refusal(file, `${shown(name)} ${why}`);
  };
  if (Buffer.byteLength(name) > limits.nameBytes) no('has too long a name');
  const parts = pathParts(name);
  if (parts === undefined) return no('leads outside of the archive');
  if (kind === 'device') no('is not a file, folder or link');
  if (size > limits.memberBytes) no(`claims ${size} bytes, more than a kernel has`);
  if (kind === 'symlink' && climbs(parts, target ?? '')) no(`links to ${shown(target ?? '')}`);
  if (kind === 'hardlink' && target !== undefined && pathParts(target) === undefined) {
    no(`links to ${shown(target)}`);
  }
  return parts.join('/');
}

// Also a backslash or control character: no distribution uses them, and some tools stumble over them.
function pathParts(name: string): string[] | undefined {
  // eslint-disable-next-line no-control-regex
  if (name === '' || name.startsWith('/') || /[\u0000-\u001f\u007f\\]/.test(name)) return undefined;
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? undefined : parts;
}

// An absolute target is usual (`build -> /usr/src/...`) and harmless: links are never made nor followed.
function climbs(parts: readonly string[], target: string): boolean {
  if (target === '' || target.includes('\0')) return true;
  if (target.startsWith('/')) return false;
  let depth = parts.length - 1;
  for (const part of target.split('/')) {
    if (part === '..') depth -= 1;
    else if (part !== '' && part !== '.') depth += 1;
    if (depth < 0) return true;
  }
  return false;
}
