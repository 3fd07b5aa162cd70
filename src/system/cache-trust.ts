// SPDX-License-Identifier: MIT
import { lstatSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { InfraError } from '../model/errors.js';

const othersWrite = 0o002;
const groupWrites = 0o020;
const sticky = 0o1000;

let trusted: string | undefined;

/**
 * Makes the cache if it does not exist. Throws InfraError for a cache that another user could have put something into:
 * programs, kernels and compiled modules in it are run. Root may write anywhere anyway.
 */
export function assertCacheIsOurs(root: string): void {
  if (trusted === root) return;
  try {
    mkdirSync(dirname(root), { recursive: true });
    mkdirSync(root, { mode: 0o700 });
  } catch {
    // It is there, or cannot be made: then nothing in it is used.
  }
  for (let dir = root; ; dir = dirname(dir)) {
    const state = stateOf(dir);
    const isTop = dir === root;
    const fault = state && (isTop ? faultOf(state) : faultAbove(state));
    if (fault !== undefined) throw refused(root, isTop ? fault : `lies in ${dir}, which ${fault}`);
    if (dir === dirname(dir)) break;
  }
  trusted = root;
}

/** Throws InfraError where an entry of the cache, or the folder that it is in, may be another user's work. */
export function assertEntryIsOurs(path: string): void {
  for (const place of [dirname(path), path]) {
    const state = lstatSync(place, { throwIfNoEntry: false });
    const fault = state && faultOf(state);
    if (fault !== undefined) throw refused(place, fault);
  }
}

/** Undefined where nothing is, or where we may not look: then nothing there is used. */
function stateOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function faultOf(state: Stats): string | undefined {
  const { uid } = state;
  if (uid !== 0 && uid !== process.getuid?.()) return `belongs to user ${uid}`;
  // A link has no mode of its own.
  return state.isSymbolicLink() ? undefined : writable(state);
}

function faultAbove(state: Stats): string | undefined {
  const { uid, mode } = state;
  if (uid !== 0 && uid !== process.getuid?.()) return `belongs to user ${uid}`;
  // There nobody can rename what is another's.
  return (mode & sticky) !== 0 ? undefined : writable(state);
}

function writable({ mode, gid, uid }: Stats): string | undefined {
  const shown = (mode & 0o7777).toString(8).padStart(4, '0');
  // Distributions give each user a group of the same number.
  const ownGroup = gid === 0 || (gid === uid && gid === process.getgid?.());
  if ((mode & othersWrite) !== 0) return `can be written by everybody (mode ${shown})`;
  if ((mode & groupWrites) !== 0 && !ownGroup)
    return `can be written by group ${gid} (mode ${shown})`;
  return undefined;
}

const refused = (root: string, why: string): InfraError =>
  new InfraError(
    'cache',
    `${root} ${why}: what is in it would be run`,
    'point BUSYGUEST_CACHE to a folder of your own, or take the right to write away (chmod go-w)',
  );
