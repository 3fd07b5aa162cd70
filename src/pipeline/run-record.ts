// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { isFileName } from '../system/files.js';
import { readJson } from '../system/input.js';

/** The most of a run.json that is read, bytes. */
const mostBytes = 64 * 1024 ** 2;

const text = z.string().optional();
const record = z.strictObject({
  /** Path of the job matrix: what it says of paths is relative to its folder. */
  file: z.string(),
  /** The job matrix as it was; of a generator, what it made. */
  text: z.string(),
  startedAt: z.string(),
  /** Names of the jobs, for who watches the run. */
  jobs: z.array(z.string().refine(isFileName, 'no name of a folder')).readonly(),
  tree: text,
  filter: text,
  set: z.array(z.string()).readonly().optional(),
  /** The options of --lava, where the jobs ran in a lab. */
  lava: z
    .strictObject({
      lava: z.string(),
      runId: text,
      publish: text,
      url: text,
      inFlight: text,
      lavaPriority: text,
      lavaTag: z.array(z.string()).readonly().optional(),
      lavaType: text,
      lavaBoot: text,
      queueS: text,
      deadlineS: text,
    })
    .optional(),
});

const sketch = record.partial();

/** run.json: what --resume needs of a run. */
export type RunRecord = z.infer<typeof record>;

/** run.json of anybody. Throws JobError, and what open() throws. */
export const readRecord = (path: string): Promise<RunRecord> => readJson(path, record, mostBytes);

/** The same for who only watches the run: what is there. */
export const readSketch = (path: string): Promise<z.infer<typeof sketch>> =>
  readJson(path, sketch, mostBytes);
