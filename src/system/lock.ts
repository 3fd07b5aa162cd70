// SPDX-License-Identifier: MIT
import { link, mkdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFor, readIfThere } from './files.js';
import { lives, pidOf, self, unseen, type Owner } from './owner.js';

const pollMs = 200;
/** How often a holder shows those who cannot see it that it lives. */
const signMs = unseen.lockMs / 6;

/**
 * Runs `work` while holding a lock file, so that two processes do the same work once.
 * Waits while its owner lives; the lock of a dead owner is no hindrance. `onWait` is told the owner's PID.
 */
export async function withLock<T>(
  path: string,
  signal: AbortSignal,
  onWait: (owner: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(path, signal, onWait);
  try {
    return await work();
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}

/** The same for work that is no single function: the lock is held until it is disposed of. */
export async function takeLock(
  path: string,
  signal: AbortSignal,
  onWait: (owner: number) => void,
): Promise<AsyncDisposable> {
  signal.throwIfAborted();
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  while (!(await take(path))) {
    const holder = await holderOf(path);
    if (holder !== undefined && !holder.lives) {
      await discard(path, holder.owner);
      continue;
    }
    if (!told && holder !== undefined) onWait(pidOf(holder.owner) ?? 0);
    told = true;
    await sleep(pollMs, undefined, { signal });
  }
  const sign = setInterval(() => {
    const now = new Date();
    void utimes(path, now, now).catch(() => {});
  }, signMs).unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(sign);
      await rm(path, { force: true });
    },
  };
}

// The name appears with its owner in it: an empty lock, of a process that was killed or of a full disk, has no end.
async function take(path: string): Promise<boolean> {
  const temporary = temporaryFor(path);
  try {
    await writeFile(temporary, `${self}\n`);
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function holderOf(
  path: string,
): Promise<{ readonly owner: Owner; readonly lives: boolean } | undefined> {
  try {
    const [text, { mtimeMs }] = await Promise.all([readIfThere(path), stat(path)]);
    const owner = (text ?? '').trim();
    return { owner, lives: lives(owner, mtimeMs, unseen.lockMs) };
  } catch {
    return undefined;
  }
}

/** The PID of the process that holds a lock, or undefined where nobody does or its owner is dead. */
export async function livingOwner(path: string): Promise<number | undefined> {
  const holder = await holderOf(path);
  return holder?.lives ? pidOf(holder.owner) : undefined;
}

// Only one of several waiters can rename it; one that got a fresh lock instead puts it back.
async function discard(path: string, deadOwner: Owner): Promise<void> {
  const aside = `${temporaryFor(path)}.stale`;
  try {
    await rename(path, aside);
    const holder = await holderOf(aside);
    if (holder?.owner === deadOwner) await rm(aside, { force: true });
    else await rename(aside, path);
  } catch {
    // Another waiter was faster.
  }
}

/** Removes a lock whose owner is dead; one that somebody holds stays. */
export async function dropDeadLock(path: string): Promise<void> {
  const holder = await holderOf(path);
  if (holder && !holder.lives) await discard(path, holder.owner);
}
