// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { z } from 'zod';
import { readJsonIfThere } from '../system/input.js';
import { writeWhole } from '../system/files.js';

const mostBytes = 16 * 1024 ** 2;

const record = z.looseObject({
  /** When the last night began. */
  startedAt: z.string().optional(),
  /** Why the last one could not be tested; absent where it was. */
  failure: z.string().optional(),
  /** Mails that could not be sent, oldest first. */
  unsent: z.array(z.object({ subject: z.string(), text: z.string() })).default([]),
});

/** nightly.json of a results folder: what one night leaves for the next. */
export type NightRecord = z.infer<typeof record>;

const fileOf = (results: string): string => join(results, 'nightly.json');

/** The lock of a results folder's nights: one at a time. */
export const nightLock = (results: string): string => join(results, 'nightly.lock');

/** Of the night before; empty where there was none. Throws JobError for a file that is none. */
export async function readNight(results: string): Promise<NightRecord> {
  return (await readJsonIfThere(fileOf(results), record, mostBytes)) ?? { unsent: [] };
}

/** Throws what the file system throws. */
export const writeNight = (results: string, night: NightRecord): Promise<void> =>
  writeWhole(fileOf(results), `${JSON.stringify(night, undefined, 2)}\n`);
