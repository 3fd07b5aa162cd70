// SPDX-License-Identifier: MIT
import { cacheDir, digest } from '../system/files.js';
import { takeLock } from '../system/lock.js';
import type { Watcher } from './device.js';

/** Two runs do not share a machine, whatever its descriptions are called. Waits for the other. */
export function lockMachine(
  machine: string,
  signal: AbortSignal,
  watcher: Watcher,
): Promise<AsyncDisposable> {
  const path = cacheDir('machines', `${digest(machine).slice(0, 16)}.lock`);
  return takeLock(path, signal, (owner) => {
    watcher.say(`process ${owner} uses ${machine}; waiting for its end`);
  });
}
