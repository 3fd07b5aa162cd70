// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import type { Boot, Device, Machine, Watcher } from '../devices/device.js';
import { isLabMachine } from '../devices/lava/lab-machine.js';
import type { EventSink } from '../model/event.js';
import type { Job } from '../model/job.js';
import type { ExitReason, JobResult } from '../model/result.js';
import { diskError } from '../system/disk.js';
import { LogFile } from '../system/log-file.js';
import { CaseClock } from '../ktap/case-clock.js';
import { expectedConsole } from './boot.js';
import { ConsoleSession, type ConsoleFindings } from './console-session.js';
import type { JobFiles } from './job-files.js';
import { compareRecord } from '../labs/lava/record.js';

/** After a dead kernel's last words, this long for the lines that still come, wall milliseconds. */
const graceMs = 1000;
/** What may stand in pipes and buffers when time is up: it still counts, for a slow reader is not the machine's fault. */
const buffered = 1024 ** 2;

/** How a machine was watched to its end. */
export interface Watched {
  readonly findings: ConsoleFindings;
  readonly exit: ExitReason;
  readonly deadlineMs?: number;
  readonly machineFacts: Readonly<Record<string, string>>;
  readonly timesMs: Readonly<Record<string, number>>;
  readonly caseTimes?: JobResult['caseTimes'];
  /** What the device said of an end that nobody asked for. */
  readonly message?: string;
  /** The lab failed, not the machine. */
  readonly labFailed?: boolean;
  /** Where the lab's own records say something else than the console. */
  readonly disagreements?: readonly string[];
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
  const cases = new CaseClock();
  const session = new ConsoleSession(expectedConsole(job, boot), (line) => {
    if (session.phase !== 'shutdown') cases.line(line, performance.now());
    emit({ kind: 'console', job: job.name, line });
  });
  const log = await files.openConsole();
  const firmware = new FirmwareWatch(job, files, emit);
  let watched: Watched;
  try {
    const context = { dir: files.dir, timeouts: job.timeouts };
    await using machine = await device.start(boot, signal, firmware, context);
    const { bootMs, testMs } = job.timeouts;
    const clock = new PhaseClock({ bootMs: bootMs + (device.firmwareMs ?? 0), testMs });
    emit({ kind: 'job-phase', job: job.name, phase: 'boot' });
    const { reason, message } = await follow(machine, session, clock, signal, async (bytes) => {
      const before = session.phase;
      const used = session.push(bytes);
      await log.write(bytes.subarray(0, used));
      if (session.phase === before) return;
      clock.testStarted();
      emit({ kind: 'job-phase', job: job.name, phase: session.phase });
    });
    const findings = session.end();
    const lab = isLabMachine(machine) ? machine : undefined;
    const record = await lab?.record(reason);
    const compared = record?.rows && compareRecord(findings.payload, record.rows);
    watched = {
      findings,
      exit: reason,
      machineFacts: { ...machine.facts, ...(compared && missingFact(compared.missing)) },
      timesMs: { ...firmware.times(), ...clock.times() },
      caseTimes: cases.times(),
      ...(reason === 'deadline' && { deadlineMs: clock.deadlineMs }),
      ...(message !== undefined && { message }),
      ...(lab?.labFailed && { labFailed: true }),
      ...(compared && { disagreements: compared.disagreements }),
    };
  } finally {
    await log.close();
    await firmware.end();
  }
  // Only here: the machine is off, and whatever else went wrong says more of the job.
  firmware.assertKept();
  return watched;
}

/** For whoever looks for results in the lab. */
const missingFact = (names: readonly string[]): Readonly<Record<string, string>> =>
  names.length === 0 ? {} : { lava_lost: `${names.length}: ${names.slice(0, 3).join(', ')}` };

/** What a real machine does before the kernel under test runs: beside the console, never in it. */
class FirmwareWatch implements Watcher {
  private readonly start = Date.now();
  private log: LogFile | undefined;
  private failed: Error | undefined;
  private lastUse: number | undefined;

  constructor(
    private readonly job: Job,
    private readonly files: JobFiles,
    private readonly emit: EventSink,
  ) {}

  say(text: string): void {
    if (this.lastUse === undefined) {
      this.emit({ kind: 'job-phase', job: this.job.name, phase: 'firmware' });
    }
    this.lastUse = Date.now();
    this.emit({ kind: 'note', text: `${this.job.name}: ${text}` });
  }

  firmware(bytes: Uint8Array): void {
    this.log ??= new LogFile(this.files.firmwarePath);
    this.log.write(bytes);
  }

  /** How long it took, milliseconds; nothing where the machine is booted by its emulator. */
  times(): Record<string, number> {
    return this.lastUse === undefined ? {} : { firmware: this.lastUse - this.start };
  }

  async end(): Promise<void> {
    this.failed = await this.log?.end();
  }

  /** Once it has ended. Throws InfraError where the disk was full while the firmware printed. */
  assertKept(): void {
    if (this.failed !== undefined) throw diskError('results', '--results', this.failed);
  }
}

/** The wall clock of a job's phases and their deadlines; setting the date does not move it. */
class PhaseClock {
  private readonly start = performance.now();
  private testStart: number | undefined;

  constructor(private readonly timeouts: Pick<Job['timeouts'], 'bootMs' | 'testMs'>) {}

  testStarted(): void {
    this.testStart ??= performance.now();
  }

  get deadlineMs(): number {
    return this.testStart === undefined ? this.timeouts.bootMs : this.timeouts.testMs;
  }

  /** Milliseconds that the phase still has. */
  get leftMs(): number {
    return Math.max(0, (this.testStart ?? this.start) + this.deadlineMs - performance.now());
  }

  times(): Record<string, number> {
    const end = performance.now();
    const boot = (this.testStart ?? end) - this.start;
    const test = this.testStart === undefined ? 0 : end - this.testStart;
    return { boot: Math.round(boot), test: Math.round(test) };
  }
}

type Over = 'deadline' | 'interrupted' | 'grace';
type Happening = { readonly chunk: Uint8Array } | { readonly over: Over } | 'closed';

async function follow(
  machine: Machine,
  session: ConsoleSession,
  clock: PhaseClock,
  signal: AbortSignal,
  take: (bytes: Uint8Array) => Promise<void>,
): Promise<{ reason: ExitReason; message?: string }> {
  const lagMs = isLabMachine(machine) ? machine.lagMs : 0;
  const chunks = machine.console[Symbol.asyncIterator]();
  let late = 0;
  while (!session.over) {
    const happening = await firstOf(
      read(chunks),
      clock,
      session.fatal ? graceMs + lagMs : undefined,
      signal,
    );
    if (happening === 'closed') return machine.exited;
    if ('over' in happening) {
      return { reason: happening.over === 'grace' ? 'lost' : happening.over };
    }
    await take(happening.chunk);
    // A machine that prints faster than we read always has the next piece ready before any timer.
    if (clock.leftMs === 0) late += happening.chunk.length;
    if (late > buffered) return { reason: 'deadline' };
  }
  return { reason: session.done ? 'done' : 'lost' };
}

async function read(chunks: AsyncIterator<Uint8Array>): Promise<Happening> {
  try {
    const next = await chunks.next();
    return next.done === true ? 'closed' : { chunk: next.value };
  } catch {
    return 'closed';
  }
}

async function firstOf(
  next: Promise<Happening>,
  clock: PhaseClock,
  dyingMs: number | undefined,
  signal: AbortSignal,
): Promise<Happening> {
  if (signal.aborted) return { over: 'interrupted' };
  const stop = new AbortController();
  const waitMs = Math.min(dyingMs ?? Infinity, clock.leftMs);
  const timeUp = sleep<Happening>(
    waitMs,
    { over: dyingMs === undefined ? 'deadline' : 'grace' },
    {
      signal: AbortSignal.any([signal, stop.signal]),
    },
  ).catch((): Happening => ({ over: 'interrupted' }));
  try {
    return await Promise.race([next, timeUp]);
  } finally {
    // No timer is left behind.
    stop.abort();
  }
}
