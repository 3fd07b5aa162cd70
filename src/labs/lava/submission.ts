// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { digest, exists, writeWhole } from '../../system/files.js';
import { readJsonIfThere } from '../../system/input.js';
import type { LabJob, LavaServer } from './server.js';

/** LAVA cuts a job's name here. */
const longestName = 200;
/** The most of a lava.json that is read, bytes. */
const mostBytes = 64 * 1024;

/** What a job's folder says of its submission: written before LAVA hears of it, so that it is never made twice. */
const submission = z.strictObject({
  url: z.string(),
  name: z.string().max(longestName),
  attempt: z.int().min(1),
  /** Of the definition. */
  digest: z.string(),
  /** Absent: nobody knows whether LAVA heard of it. */
  id: z.int().min(0).optional(),
  /** It was cancelled by us: it says nothing. */
  cancelled: z.literal(true).optional(),
});
type Submission = z.infer<typeof submission>;

/** A submission on its way when the client died may take this long to be seen, milliseconds. */
const lookAgainMs = [0, 1000, 2000];

/** The submission of one job of a run, on disk as `lava.json`. */
export class SubmissionFile {
  private readonly path: string;
  private now: Submission | undefined;

  /** @param title name of the run and of the job, which no other submission has */
  constructor(
    private readonly server: LavaServer,
    private readonly dir: string,
    private readonly title: string,
  ) {
    this.path = join(dir, 'lava.json');
  }

  /** The name under which LAVA has the job. */
  get name(): string {
    return this.now?.name ?? '';
  }

  /** Submits a job, or finds the one that an interrupted run has submitted. `definition` gets its name. */
  async submit(definition: (name: string) => string): Promise<{ id: number; found: boolean }> {
    const before = await this.read();
    const sum = digest(definition(''));
    const found = before && (await this.resume(before, sum));
    if (before && found) {
      await this.write({ ...before, id: found.id });
      return { id: found.id, found: true };
    }
    const attempt = (before?.attempt ?? 0) + 1;
    const end = attempt === 1 ? '' : ` #${attempt}`;
    const name = `${this.title.slice(0, longestName - end.length)}${end}`;
    const record = { url: this.server.rest.url, name, attempt, digest: sum };
    await this.write(record);
    const id = await this.server.submit(name, definition(name));
    await this.write({ ...record, id });
    return { id, found: false };
  }

  async cancelled(): Promise<void> {
    if (this.now) await this.write({ ...this.now, cancelled: true });
  }

  /** The job of an earlier process, where its result is still to be had. */
  private async resume(before: Submission, sum: string): Promise<LabJob | undefined> {
    if (before.url !== this.server.rest.url || before.cancelled) return undefined;
    const job = await this.find(before);
    if (job === undefined) return undefined;
    const over = job.state === 'Finished' || job.state === 'Canceling';
    // Its result was taken and was not final, or it is about other files.
    if (over && (await exists(join(this.dir, 'status.json')))) return undefined;
    if (job.health === 'Canceled' || job.state === 'Canceling') return undefined;
    if (before.digest === sum) return job;
    if (!over) await this.server.cancel(job.id);
    return undefined;
  }

  private async find({ id, name }: Submission): Promise<LabJob | undefined> {
    if (id !== undefined) return (await this.server.jobs([id]))[0];
    for (const ms of lookAgainMs) {
      await sleep(ms);
      const job = await this.server.find(name);
      if (job) return job;
    }
    return undefined;
  }

  private async read(): Promise<Submission | undefined> {
    return readJsonIfThere(this.path, submission, mostBytes);
  }

  private async write(now: Submission): Promise<void> {
    this.now = now;
    await writeWhole(this.path, `${JSON.stringify(now, undefined, 2)}\n`);
  }
}
