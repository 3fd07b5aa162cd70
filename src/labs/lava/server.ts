// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { InfraError } from '../../model/errors.js';
import { urlPart } from '../../system/address.js';
import type { LabRow } from './record.js';
import { mapOf, readLog, type LogLine } from './log.js';
import { messageOf, type Answer, type Rest } from './rest.js';

const device = z.object({
  hostname: z.string(),
  device_type: z.string(),
  health: z.string(),
  state: z.string(),
  worker_host: z.string().nullish(),
  tags: z.array(z.unknown()).default([]),
});
const job = z.object({
  id: z.number(),
  description: z.string().nullish(),
  state: z.string(),
  health: z.string(),
  actual_device: z.string().nullish(),
});
const row = z.object({
  name: z.string(),
  result: z.string(),
  measurement: z.union([z.string(), z.number()]).nullish(),
  unit: z.string().nullish(),
  metadata: z.string().nullish(),
});

/** A device of a lab. Health: Good, Unknown, Looping, Bad, Maintenance, Retired. */
export type LabDevice = z.infer<typeof device>;
/** A job. State: Submitted, Scheduling, Scheduled, Running, Canceling, Finished. */
export type LabJob = z.infer<typeof job>;

/** What a lab says of a job's end: a hint, not a verdict. */
export interface Ending {
  readonly message: string | undefined;
  readonly rows: readonly LabRow[];
}

/** A submission whose fate is not known is looked for, and then made again, this often. */
const submitTries = 3;

/** What busyguest asks a LAVA server for. */
export class LavaServer {
  constructor(readonly rest: Rest) {}

  /** The page of a job, for people. */
  jobUrl(id: number): string {
    return `${this.rest.url}/scheduler/job/${id}`;
  }

  devices(): Promise<LabDevice[]> {
    return this.rest.list('/devices/?limit=200', (item) => this.read(device, item));
  }

  /** Names of the devices that have a tag, of whatever type. */
  async devicesWithTag(tag: string): Promise<string[]> {
    const path = `/devices/?limit=200&tags__name=${urlPart(tag)}`;
    return (await this.rest.list(path, (item) => this.read(device, item))).map((d) => d.hostname);
  }

  /** Throws InfraError when LAVA's own schema, strictly read, does not take the definition. */
  async validate(definition: string): Promise<void> {
    const path = '/jobs/validate/';
    const answer = await this.postUntilHeard(path, { definition, strict: true });
    const message = messageOf(this.rest.accepted(answer, path));
    if (!/^Job valid/.test(message)) {
      throw new InfraError('lava', `${this.rest.url} does not take the job: ${message}`);
    }
  }

  /** Submits a job under a name that nothing else has. Never twice: what may have been heard is looked for. */
  async submit(name: string, definition: string): Promise<number> {
    const path = '/jobs/';
    for (let tries = 0; tries < submitTries; tries++) {
      const answer = await this.rest.post(path, { definition });
      if (answer) {
        const ids = z.object({ job_ids: z.array(z.number()).min(1) });
        const text = this.rest.accepted(answer, path);
        return this.read(ids, parseJson(text)).job_ids[0] ?? 0;
      }
      // A server that is away answers this when it is back.
      const found = await this.find(name);
      if (found !== undefined) return found.id;
    }
    throw new InfraError(
      'lava',
      `${this.rest.url}: an error of the server at each of ${submitTries} submissions`,
      'LAVA answers so to a tag that it does not know',
    );
  }

  /** The newest job of that name. */
  async find(name: string): Promise<LabJob | undefined> {
    const path = `/jobs/?description=${urlPart(name)}&ordering=id`;
    return (await this.rest.list(path, (item) => this.read(job, item))).at(-1);
  }

  /** Many jobs by one request. */
  jobs(ids: readonly number[]): Promise<LabJob[]> {
    const path = `/jobs/?id__in=${ids.join(',')}&ordering=id&limit=${ids.length}`;
    return this.rest.list(path, (item) => this.read(job, item));
  }

  /** The lines of a job's log from one on, counted from 0. None while there are none. */
  async log(id: number, start: number): Promise<LogLine[]> {
    // With `start=0` and no end LAVA sends the whole file; without new lines it says 404.
    return readLog(await this.rest.get(`/jobs/${id}/logs/?start=${start}`, [404]));
  }

  /** What LAVA recorded: rows of the job's own tests, and its view of the end. */
  async ending(id: number): Promise<Ending> {
    const all = await this.rest.list(`/jobs/${id}/tests/?limit=500`, (item) =>
      this.read(row, item),
    );
    const end = all.find(
      ({ name, metadata }) => name === 'job' && /error_type/.test(metadata ?? ''),
    );
    const said = end && mapOf(end.metadata ?? '');
    return {
      message: textOf(said?.['error_msg'])?.replace(/\s+/g, ' ').slice(0, 300),
      rows: all.map(({ name, result, measurement, unit }) => ({
        name,
        result,
        ...(measurement !== null && measurement !== undefined && { value: Number(measurement) }),
        ...(typeof unit === 'string' && { unit }),
      })),
    };
  }

  /** Asks for the end of a job: by POST, and by GET where LAVA is as old as 2023.01, which knows nothing else. */
  async cancel(id: number): Promise<void> {
    const path = `/jobs/${id}/cancel/`;
    const answer = await this.postUntilHeard(path, {});
    if (answer.status === 405) await this.rest.get(path);
    else this.rest.accepted(answer, path);
  }

  /** For what does no harm when it is heard twice. */
  private postUntilHeard(path: string, body: unknown): Promise<Answer> {
    return this.rest.insist(
      async () => (await this.rest.post(path, body)) ?? { status: 503, text: '' },
    );
  }

  /** Whether the worker of a device answers LAVA; undefined where nobody knows. */
  async workerOf(deviceName: string): Promise<{ name: string; online: boolean } | undefined> {
    const one = this.read(
      device,
      parseJson(await this.rest.get(`/devices/${urlPart(deviceName)}/`)),
    );
    if (typeof one.worker_host !== 'string') return undefined;
    const text = await this.rest.get(`/workers/${urlPart(one.worker_host)}/`);
    const { state } = this.read(z.object({ state: z.string() }), parseJson(text));
    return { name: one.worker_host, online: state === 'Online' };
  }

  private read<T>(schema: z.ZodType<T>, value: unknown): T {
    const read = schema.safeParse(value);
    if (read.success) return read.data;
    const where = read.error.issues[0]?.path.join('.') ?? '';
    throw new InfraError('lava', `${this.rest.url}: an answer without a usable "${where}"`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new InfraError('lava', 'the answer is not JSON: is that the URL of a LAVA server?');
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
