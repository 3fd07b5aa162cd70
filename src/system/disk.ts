// SPDX-License-Identifier: MIT
import { InfraError } from '../model/errors.js';

/**
 * Does `work`; where the disk is full it throws an InfraError that names the stage. `where` is what the user
 * can point to another disk: BUSYGUEST_CACHE or --results.
 */
export async function inStage<T>(
  stage: string,
  where: 'BUSYGUEST_CACHE' | '--results',
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw diskError(stage, where, error);
  }
}

/** What `inStage` throws for an error of `work`. */
export function diskError(
  stage: string,
  where: 'BUSYGUEST_CACHE' | '--results',
  error: unknown,
): Error {
  const { path, message, dest = path } = error as NodeJS.ErrnoException & { dest?: string };
  if (!isFull(error)) return error as Error;
  return new InfraError(
    stage,
    `no space left on the device (${dest ?? message})`,
    `free some space, or point ${where} to a larger disk`,
  );
}

/** Whether an error of a file says that the disk, or the user's share of it, is full. */
export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
