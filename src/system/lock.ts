// SPDX-License-Identifier: MIT
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryFor } from './files.js';

const pollMs = 200;

/**
 * Runs `work` while holding a lock file, so that two processes do the same work once.
 * Waits while its owner lives; the lock of a dead owner is no hindrance.
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
    const owner = await ownerOf(path);
    if (owner !== undefined && !alive(owner)) {
      await discard(path, owner);
      continue;
    }
    if (!told && owner !== undefined) onWait(owner);
    told = true;
    await sleep(pollMs, undefined, { signal });
  }
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

// The name appears with its owner in it: an empty lock, of a process that was killed or of a full disk, has no end.
async function take(path: string): Promise<boolean> {
  const temporary = temporaryFor(path);
  try {
    await writeFile(temporary, `${process.pid}\n`);
    await link(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function ownerOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isNaN(pid) ? undefined : pid;
}

/** The process that holds a lock, or undefined where nobody does or its owner is dead. */
export async function livingOwner(path: string): Promise<number | undefined> {
  const owner = await ownerOf(path);
  return owner !== undefined && alive(owner) ? owner : undefined;
}

// Only one of several waiters can rename it; one that got a fresh lock instead puts it back.
async function discard(path: string, deadOwner: number): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  try {
    await rename(path, aside);
    const owner = await ownerOf(aside);
    if (owner === deadOwner) await rm(aside, { force: true });
    else await rename(aside, path);
  } catch {
    // Another waiter was faster.
  }
}

/** Removes a lock whose owner is dead; one that somebody holds stays. */
export async function dropDeadLock(path: string): Promise<void> {
  const owner = await ownerOf(path);
  if (owner !== undefined && !alive(owner)) await discard(path, owner);
}

/** Whether a process with that id exists. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
