// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import type { Boot, Device, Machine } from '../devices/device.js';
import type { EventSink } from '../model/event.js';
import { InfraError } from '../model/errors.js';
import type { Job } from '../model/job.js';
import type { ExitReason, JobResult } from '../model/result.js';
import { asExpected } from '../verdict/exit.js';
import { busyGuestCases } from '../verdict/cases.js';
import { judge, type Evidence } from '../verdict/judge.js';
import { ConsoleSession, type ConsoleFindings } from './console-session.js';
import type { JobFiles } from './job-files.js';
import { brokenPromises } from './promises.js';

/** After a dead kernel's last words, this long for the lines that still come, wall milliseconds. */
const graceMs = 1000;

/** How a machine was watched to its end. */
export interface Watched {
  readonly findings: ConsoleFindings;
  readonly exit: ExitReason;
  readonly deadlineMs?: number;
  readonly machineFacts: Readonly<Record<string, string>>;
  readonly timesMs: Readonly<Record<string, number>>;
  /** What the device said of an end that nobody asked for. */
  readonly message?: string;
}

/** Boots a job's kernel, keeps its console and watches it to the payload's last line, its death or a deadline. */
export async function watchJob(
  job: Job,
  device: Device,
  boot: Boot,
  files: JobFiles,
  signal: AbortSignal,
  emit: EventSink,
): Promise<Watched> {
  const started = Date.now();
  const session = new ConsoleSession((line) => emit({ kind: 'console', job: job.name, line }));
  const log = await files.openConsole();
  await using machine = await device.start(boot, signal);
  const clock = new PhaseClock(job.timeouts, started);
  try {
    emit({ kind: 'job-phase', job: job.name, phase: 'boot' });
    const exit = await follow(
      machine,
      session,
      clock,
      signal,
      async (bytes) => {
        await log.write(bytes);
      },
      () => emit({ kind: 'job-phase', job: job.name, phase: session.phase }),
    );
    const findings = session.end();
    const message = exit.message;
    return {
      findings,
      exit: exit.reason,
      machineFacts: machine.facts,
      timesMs: clock.times(),
      ...(exit.reason === 'deadline' && { deadlineMs: clock.deadlineMs }),
      ...(message !== undefined && { message }),
    };
  } finally {
    await log.close();
  }
}

/** The wall clock of a job's phases and their deadlines. */
class PhaseClock {
  readonly #timeouts: Job['timeouts'];
  readonly #start: number;
  #testStart: number | undefined;

  constructor(timeouts: Job['timeouts'], start: number) {
    this.#timeouts = timeouts;
    this.#start = start;
  }

  testStarted(): void {
    this.#testStart ??= Date.now();
  }

  get deadlineMs(): number {
    return this.#testStart === undefined ? this.#timeouts.bootMs : this.#timeouts.testMs;
  }

  /** Milliseconds that the phase still has. */
  get leftMs(): number {
    return Math.max(0, (this.#testStart ?? this.#start) + this.deadlineMs - Date.now());
  }

  times(): Record<string, number> {
    const end = Date.now();
    const boot = (this.#testStart ?? end) - this.#start;
    return { boot, test: this.#testStart === undefined ? 0 : end - this.#testStart };
  }
}

type Event =
  { chunk: Uint8Array } | { over: 'deadline' | 'interrupted' | 'grace' } | { closed: true };

async function follow(
  machine: Machine,
  session: ConsoleSession,
  clock: PhaseClock,
  signal: AbortSignal,
  write: (bytes: Uint8Array) => Promise<void>,
  onPhase: () => void,
): Promise<{ reason: ExitReason; message?: string }> {
  const chunks = machine.console[Symbol.asyncIterator]();
  let next = read(chunks);
  for (;;) {
    const event = await firstOf(
      next,
      session.fatal ? Math.min(graceMs, clock.leftMs) : clock.leftMs,
      session.fatal,
      signal,
    );
    if ('over' in event) return { reason: event.over === 'grace' ? 'lost' : event.over };
    if ('closed' in event) {
      const exit = await machine.exited;
      return { reason: exit.reason, message: exit.message };
    }
    const before = session.phase;
    const used = session.push(event.chunk);
    await write(event.chunk.subarray(0, used));
    if (session.phase !== before) {
      clock.testStarted();
      onPhase();
    }
    if (session.done) return { reason: 'done' };
    next = read(chunks);
  }
}

async function read(chunks: AsyncIterator<Uint8Array>): Promise<Event> {
  try {
    const { value, done } = await chunks.next();
    return done ? { closed: true } : { chunk: value };
  } catch {
    return { closed: true };
  }
}

// One timer at a time, and none left behind.
async function firstOf(
  next: Promise<Event>,
  leftMs: number,
  dying: boolean,
  signal: AbortSignal,
): Promise<Event> {
  if (signal.aborted) return { over: 'interrupted' };
  const stop = new AbortController();
  const timer = sleep(leftMs, { over: dying ? 'grace' : 'deadline' } as Event, {
    signal: AbortSignal.any([signal, stop.signal]),
  }).catch((): Event => ({ over: 'interrupted' }));
  try {
    return await Promise.race([next, timer]);
  } finally {
    stop.abort();
  }
}

/** Turns what was seen into a result. Pure but for nothing: the same findings give the same result. */
export function judgeWatched(
  job: Job,
  device: Device,
  watched: Watched,
  facts: Readonly<Record<string, string>>,
  reused: boolean,
): JobResult {
  const { findings, exit } = watched;
  const { payload } = findings;
  const evidence: Evidence = {
    cases: payload.cases,
    faults: findings.faults,
    facts: payload.facts,
    expectedCases: busyGuestCases,
    started: payload.started,
    ended: payload.ended,
    ...(payload.bailOut !== undefined && { bailOut: payload.bailOut }),
    ...(payload.exitCode !== undefined && { exitCode: payload.exitCode }),
    exit,
    phase: findings.phase,
    ...(watched.deadlineMs !== undefined && { deadlineMs: watched.deadlineMs }),
    lastLines:
      watched.message === undefined ? findings.lastLines : [...findings.lastLines, watched.message],
    knownFaults: job.knownFaults,
    parameters: job.test.parameters,
    problems: payload.problems,
    brokenPromises: brokenPromises(device.promised, payload),
  };
  const judgement = judge(evidence);
  return {
    ...identity(job),
    ...judgement,
    asExpected: asExpected(judgement, job.expect),
    cases: payload.cases,
    faults: findings.faults,
    facts: { ...facts, ...watched.machineFacts, ...payload.facts },
    timesMs: watched.timesMs,
    reused,
  };
}

/** A result for a job that was never booted: no device, no kernel, no time. */
export function judgeUnbooted(
  job: Job,
  why: Pick<Evidence, 'deviceMissing' | 'buildError'> & { readonly interrupted?: boolean },
  facts: Readonly<Record<string, string>> = {},
): JobResult {
  const judgement = judge({
    ...why,
    cases: [],
    faults: [],
    facts: {},
    expectedCases: busyGuestCases,
    started: false,
    ended: false,
    exit: why.interrupted ? 'interrupted' : 'lost',
    phase: 'boot',
    lastLines: [],
    knownFaults: job.knownFaults,
    parameters: job.test.parameters,
    problems: [],
  });
  return {
    ...identity(job),
    ...judgement,
    asExpected: asExpected(judgement, job.expect),
    cases: [],
    faults: [],
    facts,
    timesMs: {},
    reused: false,
  };
}

/** A result for a job whose machine could not be started. */
export function judgeInfra(job: Job, error: InfraError): JobResult {
  const todo = error.todo === undefined ? '' : `; ${error.todo}`;
  const reason = `${error.stage}: ${error.message}${todo}`;
  return judgeUnbooted(job, { buildError: { decidedBy: 'infrastructure', reason } });
}

function identity(job: Job): Pick<JobResult, 'name' | 'kernel' | 'device' | 'test' | 'expect'> {
  return {
    name: job.name,
    kernel: job.kernel.name,
    device: job.device,
    test: job.test.name,
    expect: job.expect,
  };
}
