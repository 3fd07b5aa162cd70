// SPDX-License-Identifier: MIT
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { FlatResult } from '../../src/ktap/flat-result.js';

/** What a stub of a LAVA server does. */
export interface StubOptions {
  readonly devices: number;
  /** Console of every job. */
  readonly console: readonly string[];
  /** What LAVA has recorded of it. */
  readonly rows: readonly FlatResult[];
  /** How long a job runs, milliseconds. */
  readonly runMs: number;
  /** Before an answer, milliseconds. */
  readonly latencyMs: number;
  /** Every so many requests one fails, by turns in each of the ways. */
  readonly failEvery?: number;
  readonly pageSize?: number;
}

interface StubJob {
  readonly id: number;
  readonly name: string;
  readonly submitted: number;
  started?: number;
  cancelled?: true;
}

/** The REST interface of a LAVA server without LAVA: a scheduler of one line, jobs of one console. */
export class LavaStub implements AsyncDisposable {
  readonly jobs: StubJob[] = [];
  readonly token = 'stub-token';
  requests = 0;
  failures = 0;
  /** The most requests in any one second. */
  busiest = 0;
  url = '';
  private second = 0;
  private inSecond = 0;
  private readonly server = createServer(
    (request, response) => void this.answer(request, response),
  );

  private constructor(private readonly options: StubOptions) {}

  static async open(options: StubOptions): Promise<LavaStub> {
    const stub = new LavaStub(options);
    stub.server.listen(0, '127.0.0.1');
    await once(stub.server, 'listening');
    stub.url = `http://127.0.0.1:${(stub.server.address() as AddressInfo).port}`;
    return stub;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await Promise.resolve();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.count();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    await sleep(this.options.latencyMs);
    if (request.headers.authorization !== `Token ${this.token}`) {
      this.send(response, 403, { detail: 'Invalid token.' });
      return;
    }
    const url = new URL(request.url ?? '', this.url);
    const body = Buffer.concat(chunks).toString();
    const fault = this.fault();
    // What is heard and then fails is the hardest for a client.
    if (fault === 'lost after') this.route(url, body);
    if (fault === 'lost' || fault === 'lost after') {
      response.destroy();
      return;
    }
    if (fault !== undefined) {
      response.writeHead(fault, { 'Content-Type': 'text/html' }).end('<h1>Error</h1>');
      return;
    }
    const { status, value } = this.route(url, body);
    this.send(response, status, value);
  }

  private count(): void {
    this.requests++;
    const second = Math.floor(Date.now() / 1000);
    this.inSecond = second === this.second ? this.inSecond + 1 : 1;
    this.second = second;
    this.busiest = Math.max(this.busiest, this.inSecond);
  }

  private fault(): number | 'lost' | 'lost after' | undefined {
    const { failEvery } = this.options;
    if (failEvery === undefined || this.requests % failEvery !== 0) return undefined;
    const ways = [503, 'lost', 429, 'lost after', 502] as const;
    return ways[this.failures++ % ways.length];
  }

  private send(response: ServerResponse, status: number, value: unknown): void {
    const isText = typeof value === 'string';
    response
      .writeHead(status, { 'Content-Type': isText ? 'application/yaml' : 'application/json' })
      .end(isText ? value : JSON.stringify(value));
  }

  private route(url: URL, body: string): { status: number; value: unknown } {
    const path = url.pathname.replace('/api/v0.2', '');
    const [, kind, id, what] = path.split('/');
    if (path === '/jobs/validate/') return { status: 200, value: { message: 'Job valid.' } };
    if (path === '/jobs/' && body !== '') return this.submit(body);
    if (path === '/jobs/')
      return this.page(
        url,
        this.found(url).map((job) => this.show(job)),
      );
    if (path === '/devices/') return this.page(url, this.devices());
    if (kind === 'workers') return { status: 200, value: { state: 'Online' } };
    if (kind === 'devices') return { status: 200, value: this.devices()[0] };
    const job = this.jobs[Number(id) - 1];
    if (job === undefined) return { status: 404, value: { detail: 'Not found.' } };
    if (what === 'cancel') {
      // As LAVA of today; that of 2023.01 takes GET only.
      if (body === '') return { status: 405, value: { detail: 'Method "GET" not allowed.' } };
      job.cancelled = true;
      return { status: 200, value: { message: 'Job cancel signal sent.' } };
    }
    if (what === 'logs') return this.log(job, Number(url.searchParams.get('start')));
    const rows = this.options.rows.map(({ measurement, ...row }) => ({
      ...row,
      // As LAVA: ten digits after the point.
      measurement: measurement.toFixed(10),
    }));
    return this.page(url, rows);
  }

  private submit(body: string): { status: number; value: unknown } {
    const { definition } = JSON.parse(body) as { definition: string };
    const { job_name: name } = parse(definition) as { job_name: string };
    const id = this.jobs.length + 1;
    this.jobs.push({ id, name, submitted: Date.now() });
    return { status: 201, value: { job_ids: [id] } };
  }

  private devices(): unknown[] {
    return Array.from({ length: this.options.devices }, (_, index) => ({
      hostname: `device-${index}`,
      device_type: 'qemu',
      health: 'Good',
      state: 'Idle',
      worker_host: 'worker',
    }));
  }

  private found(url: URL): StubJob[] {
    const ids = url.searchParams.get('id__in')?.split(',').map(Number);
    const name = url.searchParams.get('description');
    return this.jobs.filter((job) => (ids ? ids.includes(job.id) : job.name === name));
  }

  private page(url: URL, all: readonly unknown[]): { status: number; value: unknown } {
    const { pageSize = 25 } = this.options;
    const offset = Number(url.searchParams.get('offset') ?? 0);
    const next = new URL(url);
    next.searchParams.set('offset', String(offset + pageSize));
    return {
      status: 200,
      value: {
        count: all.length,
        next: offset + pageSize < all.length ? next.href : null,
        results: all.slice(offset, offset + pageSize),
      },
    };
  }

  private show(job: StubJob): unknown {
    const state = this.stateOf(job);
    return {
      id: job.id,
      description: job.name,
      state,
      health: state !== 'Finished' ? 'Unknown' : job.cancelled ? 'Canceled' : 'Complete',
      actual_device: state === 'Submitted' ? null : `device-${job.id % this.options.devices}`,
    };
  }

  private stateOf(job: StubJob): string {
    const now = Date.now();
    const running = (one: StubJob): boolean =>
      one.started !== undefined && now < one.started + this.options.runMs && !one.cancelled;
    for (const one of this.jobs) {
      if (one.started !== undefined || one.cancelled) continue;
      if (this.jobs.filter(running).length >= this.options.devices) break;
      one.started = now;
    }
    if (job.cancelled) return 'Finished';
    if (job.started === undefined) return 'Submitted';
    return running(job) ? 'Running' : 'Finished';
  }

  private log(job: StubJob, start: number): { status: number; value: unknown } {
    const lines = this.options.console;
    const passed = job.started === undefined ? 0 : (Date.now() - job.started) / this.options.runMs;
    const until = Math.floor(lines.length * Math.min(1, passed));
    const shown = lines.slice(start, until);
    if (shown.length === 0) return { status: 404, value: { detail: 'Not found.' } };
    const text = shown.map((msg) => `- ${JSON.stringify({ dt: '', lvl: 'target', msg })}\n`);
    return { status: 200, value: text.join('') };
  }
}
