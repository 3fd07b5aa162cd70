// SPDX-License-Identifier: MIT
import { FaultReader } from '../console/fault-reader.js';
import { LineSplitter, type Line } from '../console/lines.js';
import { PayloadReader, type PayloadPhase, type PayloadResult } from '../ktap/payload.js';
import type { Fault, Phase } from '../model/result.js';
import { busyGuestCases } from '../verdict/cases.js';

const tailLines = 200;

/** What a console said, however far it got. */
export interface ConsoleFindings {
  readonly payload: PayloadResult;
  readonly faults: readonly Fault[];
  readonly phase: Phase;
  /** Lines between the payload's marks, as they came. */
  readonly ktap: readonly string[];
  readonly lastLines: readonly string[];
}

const phases: Readonly<Record<PayloadPhase, Phase>> = {
  boot: 'boot',
  test: 'test',
  done: 'shutdown',
};

/** Reads a console, live or from a file: the same bytes give the same findings. */
export class ConsoleSession {
  readonly #splitter = new LineSplitter();
  readonly #payload: PayloadReader;
  readonly #faults = new FaultReader();
  readonly #ktap: string[] = [];
  readonly #last: string[] = [];

  /**
   * @param expectedCases what the payload is to report
   * @param onLine hears every line, without escape sequences
   */
  constructor(
    expectedCases: readonly string[] = busyGuestCases,
    private readonly onLine: (line: string) => void = () => {},
  ) {
    this.#payload = new PayloadReader({ expectedCases });
  }

  get phase(): Phase {
    return phases[this.#payload.phase];
  }

  /** The payload's last line was seen. */
  get done(): boolean {
    return this.#payload.phase === 'done';
  }

  /** The kernel is dead: nothing more of use will come. */
  get fatal(): boolean {
    return this.#faults.fatal;
  }

  /**
   * Takes bytes; returns how many of them belong to the run. What a machine prints after the
   * payload's last line depends on when it is stopped, so it is left out.
   */
  push(chunk: Uint8Array): number {
    let used = 0;
    while (used < chunk.length && !this.done) {
      const newline = chunk.indexOf(0x0a, used);
      const end = newline < 0 ? chunk.length : newline + 1;
      this.#take(this.#splitter.push(chunk.subarray(used, end)));
      used = end;
    }
    return used;
  }

  end(): ConsoleFindings {
    const phase = this.phase;
    if (!this.done) this.#take(this.#splitter.end());
    return {
      payload: this.#payload.end(),
      faults: this.#faults.end(),
      phase,
      ktap: this.#ktap,
      lastLines: this.#last,
    };
  }

  #take(lines: readonly Line[]): void {
    for (const line of lines) {
      const before = this.#payload.phase;
      // A lone CR ends a line too, so that more may stand behind the last one.
      if (before === 'done') return;
      this.#payload.feed(line.text, line.terminated);
      this.#faults.feed(line.text, this.phase);
      if (before === 'test' && this.#payload.phase === 'test') this.#ktap.push(line.text);
      this.#last.push(line.text);
      if (this.#last.length > tailLines) this.#last.shift();
      this.onLine(line.text);
    }
  }
}
