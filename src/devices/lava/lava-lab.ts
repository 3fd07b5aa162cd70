// SPDX-License-Identifier: MIT
import { setMaxListeners } from 'node:events';
import { InfraError } from '../../model/errors.js';
import type { LavaIdentity } from '../../labs/lava/identity.js';
import { JobStates } from '../../labs/lava/job-states.js';
import { Rest } from '../../labs/lava/rest.js';
import { LavaServer, type LabDevice } from '../../labs/lava/server.js';

/** How a lab is used by one run. */
export interface LabUse {
  readonly identity: LavaIdentity;
  /** Only devices with all of these. */
  readonly tags: readonly string[];
  /** How long a job may wait for a device, wall milliseconds. */
  readonly queueMs: number;
  /** How long all jobs together may take, wall milliseconds. */
  readonly runMs?: number;
  /** Told what a user should know. */
  readonly say: (text: string) => void;
  /** Pause between two looks at the jobs, milliseconds; shorter in tests. */
  readonly paceMs?: number;
  readonly perSecond?: number;
}

/** When the run is over, the server gets this long to take the cancellations, milliseconds. */
const farewellMs = 20_000;

/** A LAVA lab as one run sees it: its server, its devices, its jobs' states. */
export class LavaLab {
  readonly server: LavaServer;
  readonly states: JobStates;
  /** The same server, still heard after Ctrl-C: to cancel. */
  readonly farewell: LavaServer;
  /** Fires at Ctrl-C, and when the run's own deadline is over. */
  readonly signal: AbortSignal;
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly overSignal = new AbortController();
  private listed: Promise<LabDevice[]> | undefined;
  private readonly tagged = new Map<string, Promise<string[]>>();

  constructor(
    readonly use: LabUse,
    signal: AbortSignal,
  ) {
    const { identity, runMs, say, paceMs = 1000, perSecond = 10 } = use;
    this.signal = AbortSignal.any([signal, this.overSignal.signal]);
    // Every job in flight waits for it.
    setMaxListeners(0, signal, this.signal);
    const common = { perSecond, backoffMs: paceMs / 2 };
    this.server = new LavaServer(
      new Rest(identity, { ...common, signal: this.signal, onTrouble: say }),
    );
    this.farewell = new LavaServer(
      new Rest(identity, {
        ...common,
        signal: new AbortController().signal,
        patienceMs: farewellMs,
      }),
    );
    this.states = new JobStates(this.server, paceMs);
    if (runMs !== undefined) {
      this.timer = setTimeout(() => this.overSignal.abort(), runMs).unref();
    }
  }

  /** The run's own deadline has passed. */
  get over(): boolean {
    return this.overSignal.signal.aborted;
  }

  /** Requests made so far. */
  get requests(): number {
    return this.server.rest.requests + this.farewell.rest.requests;
  }

  /** Fails early if no job can be submitted: the token is wrong, or the URL is not a LAVA server's. */
  async check(): Promise<void> {
    const { token, url } = this.use.identity;
    if (token === undefined) {
      throw new InfraError(
        'lava',
        `no token for ${url}`,
        'set LAVA_TOKEN, or put it into ~/.config/lavacli.yaml',
      );
    }
    await this.devices();
  }

  /** All devices of the lab, asked for once. */
  devices(): Promise<LabDevice[]> {
    return (this.listed ??= this.server.devices());
  }

  /** Names of the devices with a tag, asked for once: each job wants to know, and a lab is asked ten times a second. */
  private devicesWithTag(tag: string): Promise<string[]> {
    const asked = this.tagged.get(tag) ?? this.server.devicesWithTag(tag);
    this.tagged.set(tag, asked);
    return asked;
  }

  /** Why no device of a type can take a job now or later; empty where one can. */
  async missing(type: string): Promise<string[]> {
    const where = `LAVA at ${this.server.rest.url}`;
    const ofType = (await this.devices()).filter((one) => one.device_type === type);
    if (ofType.length === 0) return [`${where} has no device of the type "${type}"`];
    let usable = ofType.filter(({ health }) => health !== 'Retired');
    for (const tag of this.use.tags) {
      const tagged = await this.devicesWithTag(tag);
      usable = usable.filter(({ hostname }) => tagged.includes(hostname));
    }
    if (usable.length > 0) return [];
    const why = this.use.tags.length > 0 ? ` with the tags ${this.use.tags.join(', ')}` : '';
    return [`${where} has no usable device of the type "${type}"${why}`];
  }

  /** Why nothing more can come from a job's device: LAVA has lost its worker. Undefined: it is there. */
  async deserted(id: number): Promise<string | undefined> {
    const device = this.states.last(id)?.actual_device;
    const worker = device ? await this.server.workerOf(device) : undefined;
    if (device == null || worker === undefined || worker.online) return undefined;
    return `the worker ${worker.name} of ${device} does not answer LAVA any more`;
  }

  /** Cancels a job and waits until LAVA has ended it; says so when it does not. */
  async cancel(id: number): Promise<void> {
    const { farewell } = this;
    const url = farewell.jobUrl(id);
    try {
      await farewell.cancel(id);
      const end = Date.now() + farewellMs;
      for (;;) {
        const [job] = await farewell.jobs([id]);
        if (job === undefined || job.state === 'Finished') return;
        if (Date.now() > end) {
          this.use.say(`${url} is cancelled, but still ${job.state}: is its worker there?`);
          return;
        }
        await farewell.rest.pause(1000);
      }
    } catch (error) {
      this.use.say(`could not cancel ${url}: ${(error as Error).message}`);
    }
  }

  /** The same for a job of which nobody knows whether it was submitted. */
  async cancelNamed(name: string): Promise<void> {
    const job = await this.farewell.find(name).catch(() => undefined);
    if (job !== undefined && job.state !== 'Finished') await this.cancel(job.id);
  }

  /** Stops all timers. */
  close(): void {
    clearTimeout(this.timer);
  }
}
