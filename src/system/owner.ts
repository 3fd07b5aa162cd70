// SPDX-License-Identifier: MIT
import { readFileSync, statSync } from 'node:fs';

/** A process as its locks and its temporary names tell it, as text: PID-START-NAMESPACE-BOOT. */
export type Owner = string;

/** An Owner within a longer name. */
export const ownerPattern = /(?<!\d)\d+-\d+-\d+-[0-9a-f]{8}/;

/**
 * How long a process that cannot be seen from here counts as living after its last sign of life, milliseconds: one that
 * holds a lock gives a sign every few seconds, a folder in the making and a user of the cache only one.
 */
export const unseen = { lockMs: 60_000, folderMs: 24 * 3600_000 } as const;

// A PID comes again: in the next container, after a reboot, after 32,768 others.
const space = statSync('/proc/self/ns/pid', { throwIfNoEntry: false })?.ino ?? 0;
const boot = read('/proc/sys/kernel/random/boot_id').slice(0, 8) || '00000000';

/** The living process with a PID; undefined if there is none, or only a zombie. */
export function ownerOfPid(pid: number): Owner | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // proc_pid_stat(5): the state is field 3, the start (clock ticks after boot) field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = 'Z', start] = [fields[0], fields[19]];
  return state === 'Z' || start === undefined ? undefined : `${pid}-${start}-${space}-${boot}`;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** This process. */
export const self: Owner = ownerOfPid(process.pid) ?? `${process.pid}-0-${space}-${boot}`;

/** The PID of an owner, in its own namespace; undefined where the text names none. */
export function pidOf(owner: Owner): number | undefined {
  const pid = Number.parseInt(owner, 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/**
 * Whether a process lives. One of another container, boot or computer cannot be seen from here, nor one that an older
 * version wrote down: it lives until `unseenMs` after its last sign, at `signMs` (both milliseconds).
 */
export function lives(owner: Owner, signMs: number, unseenMs: number): boolean {
  const [pid, , ownSpace, ownBoot] = owner.split('-');
  if (ownSpace === String(space) && ownBoot === boot) return ownerOfPid(Number(pid)) === owner;
  return Date.now() - signMs < unseenMs;
}
