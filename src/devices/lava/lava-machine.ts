// SPDX-License-Identifier: MIT
import type { ExitReason } from '../../model/result.js';
import { consoleOf, type LogLine } from '../../labs/lava/log.js';
import type { Ending, LabJob } from '../../labs/lava/server.js';
import type { MachineExit } from '../device.js';
import type { LabMachine, LabRecord } from './lab-machine.js';
import type { LavaLab } from './lava-lab.js';

/** How long LAVA gets to end a job whose payload has said its last line, milliseconds. */
const endingMs = 120_000;
/** A console that is silent for so long makes us ask after its worker, milliseconds. */
const silenceMs = 15_000;

/** A job that runs in a lab, as a machine: its console is what LAVA's log has from the target. */
export class LavaMachine implements LabMachine {
  readonly console: AsyncIterable<Uint8Array>;
  readonly exited: Promise<MachineExit>;
  /** LAVA's log comes in pieces, a second or more after the machine printed it. */
  readonly lagMs = 20_000;
  private exit!: (exit: MachineExit) => void;
  private ending: Promise<Ending> | undefined;
  private finished = false;
  private hasLabFailed = false;

  /** @param log what was read of it while the job was starting */
  constructor(
    private readonly lab: LavaLab,
    private readonly id: number,
    private readonly log: JobLog,
    readonly facts: Readonly<Record<string, string>>,
    private readonly onCancel: () => Promise<void>,
  ) {
    this.exited = new Promise((resolve) => (this.exit = resolve));
    this.console = this.follow();
  }

  get labFailed(): boolean {
    return this.hasLabFailed;
  }

  /** Waits for LAVA's end of the job: its rows are complete only then. */
  async record(reason: ExitReason): Promise<LabRecord> {
    if (reason !== 'done') return {};
    const end = Date.now() + endingMs;
    while (!this.finished && Date.now() < end) {
      this.finished = (await this.lab.states.next(this.id, this.lab.signal)).state === 'Finished';
    }
    if (!this.finished) return { message: 'LAVA does not end the job' };
    const { rows, message } = await this.end();
    return { rows, ...(message !== undefined && { message: `LAVA: ${message}` }) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.exit({ reason: 'lost', message: 'stopped' });
    this.lab.states.forget(this.id);
    if (this.finished) return;
    await this.onCancel();
    await this.lab.cancel(this.id);
  }

  private async *follow(): AsyncGenerator<Uint8Array> {
    const { log, lab } = this;
    yield* bytesOf(log.take());
    for (;;) {
      try {
        // Looked at first: what is finished has no more lines than the next request gives.
        const over = lab.states.last(this.id)?.state === 'Finished';
        const lines = await log.more();
        yield* bytesOf(lines);
        if (over && lines.length === 0) {
          await this.finish();
          return;
        }
        if (!over) await lab.states.next(this.id, lab.signal);
        if (!log.fellSilent()) continue;
        const deserted = await lab.deserted(this.id);
        if (deserted !== undefined) {
          this.fail(deserted);
          return;
        }
      } catch (error) {
        const what = lab.over ? "the run's own deadline has passed" : (error as Error).message;
        this.fail(what);
        return;
      }
    }
  }

  private async finish(): Promise<void> {
    this.finished = true;
    const { message = 'no message' } = await this.end();
    const job: LabJob | undefined = this.lab.states.last(this.id);
    if (job?.health === 'Canceled') {
      this.fail('somebody cancelled the job in LAVA');
    } else {
      // LAVA's error_type blames itself for every machine that ends early; the console knows better.
      this.exit({ reason: 'lost', message: `LAVA: ${message}` });
    }
  }

  private fail(message: string): void {
    this.hasLabFailed = true;
    this.exit({ reason: 'lost', message });
  }

  private end(): Promise<Ending> {
    return (this.ending ??= this.lab.server.ending(this.id));
  }
}

function* bytesOf(lines: readonly LogLine[]): Generator<Uint8Array> {
  const text = consoleOf(lines);
  if (text !== '') yield Buffer.from(text);
}

/** A job's log, read on from where it was read to. */
export class JobLog {
  private readonly kept: LogLine[] = [];
  private count = 0;
  private heard = Date.now();

  constructor(
    private readonly lab: LavaLab,
    private readonly id: number,
  ) {}

  /** Whether nothing came for a while; once for each such while. */
  fellSilent(): boolean {
    if (Date.now() - this.heard < silenceMs) return false;
    this.heard = Date.now();
    return true;
  }

  /** New lines. */
  async more(): Promise<LogLine[]> {
    const lines = await this.lab.server.log(this.id, this.count);
    this.count += lines.length;
    if (lines.length > 0) this.heard = Date.now();
    return lines;
  }

  /** Reads new lines and keeps them for `take`. */
  async peek(): Promise<readonly LogLine[]> {
    this.kept.push(...(await this.more()));
    return this.kept;
  }

  take(): LogLine[] {
    return this.kept.splice(0);
  }
}
