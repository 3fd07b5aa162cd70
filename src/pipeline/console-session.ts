// SPDX-License-Identifier: MIT
import { FaultReader } from '../console/fault-reader.js';
import { LineSplitter, type Line } from '../console/lines.js';
import type { OutputFormat } from '../ktap/body.js';
import { PayloadReader, type PayloadPhase, type PayloadResult } from '../ktap/payload.js';
import type { Fault, Phase } from '../model/result.js';
import { basicCases } from '../payload/busy-guest/cases.js';

const tailLines = 200;

/** How much of a console is read: what a machine prints without end must fill neither memory nor disk. */
export interface ConsoleLimits {
  readonly bytes: number;
  /** Characters between the payload's marks, which are kept in memory. */
  readonly ktapChars: number;
  /** Lines there: many empty ones take memory, too. */
  readonly ktapLines: number;
}

/** The payload prints the samples of three windows at most, 8192 each (MAX_SAMPLES): 4 MB. The rest is the kernel's. */
const defaultLimits: ConsoleLimits = {
  bytes: 1024 ** 3,
  ktapChars: 64 * 1024 ** 2,
  ktapLines: 1_000_000,
};

/** What a job's console must say to be its own. */
export interface ExpectedConsole {
  /** Cases that the payload is to report; the basic ones where left out. */
  readonly cases?: readonly string[];
  /** How they are printed. */
  readonly format?: OutputFormat | undefined;
  /** See `bootIdOf`; undefined where init was told none: recorded before there were any. */
  readonly bootId?: string | undefined;
}

/** What a console said, however far it got. */
export interface ConsoleFindings {
  readonly payload: PayloadResult;
  readonly faults: readonly Fault[];
  readonly phase: Phase;
  /** Lines between the payload's marks, as they came. */
  readonly ktap: readonly string[];
  readonly lastLines: readonly string[];
  /** What there was too much of, so that the rest was not read. */
  readonly flooded?: string;
}

const phases: Readonly<Record<PayloadPhase, Phase>> = {
  boot: 'boot',
  test: 'test',
  done: 'shutdown',
};

/** Reads a console, live or from a file: the same bytes give the same findings. */
export class ConsoleSession {
  private readonly splitter = new LineSplitter();
  private readonly payload: PayloadReader;
  private readonly faults = new FaultReader();
  private readonly ktap: string[] = [];
  private readonly last: string[] = [];
  private bytes = 0;
  private ktapChars = 0;
  private flooded: string | undefined;

  /**
   * @param expected what the payload must report, and of which boot
   * @param onLine hears every line, without escape sequences
   */
  constructor(
    { cases = basicCases, format, bootId }: ExpectedConsole = {},
    private readonly onLine: (line: string) => void = () => {},
    private readonly limits: ConsoleLimits = defaultLimits,
  ) {
    this.payload = new PayloadReader({ expectedCases: cases, format, bootId });
  }

  get phase(): Phase {
    return phases[this.payload.phase];
  }

  /** The payload's last line was seen. */
  get done(): boolean {
    return this.payload.phase === 'done';
  }

  /** Nothing more is read: it is done, or it was too much. */
  get over(): boolean {
    return this.done || this.flooded !== undefined;
  }

  /** The kernel is dead: nothing more of use will come. */
  get fatal(): boolean {
    return this.faults.fatal;
  }

  /**
   * Takes bytes; returns how many of them belong to the run. What a machine prints after the
   * payload's last line depends on when it is stopped, so it is left out. So is what is too much.
   */
  push(chunk: Uint8Array): number {
    let used = 0;
    while (used < chunk.length && !this.over) {
      const newline = chunk.indexOf(0x0a, used);
      // To the byte, so that the pieces in which a console comes make no difference.
      const most = used + this.limits.bytes - this.bytes;
      const end = Math.min(newline < 0 ? chunk.length : newline + 1, most);
      this.take(this.splitter.push(chunk.subarray(used, end)));
      this.bytes += end - used;
      if (end === most && !this.over) this.flooded = `${megabytes(this.bytes)} of console`;
      used = end;
    }
    return used;
  }

  end(): ConsoleFindings {
    const phase = this.phase;
    if (!this.over) this.take(this.splitter.end());
    return {
      payload: this.payload.end(),
      faults: this.faults.end(),
      phase,
      ktap: this.ktap,
      lastLines: this.last,
      ...(this.flooded !== undefined && { flooded: this.flooded }),
    };
  }

  private take(lines: readonly Line[]): void {
    for (const line of lines) {
      const before = this.payload.phase;
      // A lone CR ends a line too, so that more may stand behind the last one.
      if (this.over) return;
      this.payload.feed(line.text, line.terminated);
      this.faults.feed(line.text, this.phase);
      if (before === 'test' && this.payload.phase === 'test') this.keep(line.text);
      this.last.push(line.text);
      if (this.last.length > tailLines) this.last.shift();
      this.onLine(line.text);
    }
  }

  private keep(line: string): void {
    this.ktap.push(line);
    this.ktapChars += line.length;
    const { ktapChars, ktapLines } = this.limits;
    if (this.ktapChars <= ktapChars && this.ktap.length <= ktapLines) return;
    this.flooded = `more than ${megabytes(ktapChars)} or ${ktapLines} lines between the marks`;
  }
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`;
