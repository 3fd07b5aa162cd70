// SPDX-License-Identifier: MIT
import type { EventSink, RunEvent } from '../model/event.js';
import type { RunResult } from '../model/result.js';

/** Shows or stores a run. May throw: neither the run nor another report is lost by it. */
export interface Report {
  readonly name: string;
  onEvent?(event: RunEvent): void;
  /** @param dir the run's folder, `results/<run>` */
  onEnd(run: RunResult, dir: string): Promise<void> | void;
}

/** A report that threw; the first error of each report only. */
export interface ReportFailure {
  readonly report: string;
  readonly error: Error;
}

/** Reports that listen to a run. */
export interface ReportSession {
  /** Never throws. A report that threw hears no more events, and still gets the end. */
  readonly sink: EventSink;
  /** Wall milliseconds that each report's end took, by name; complete after `end`. */
  readonly wallMs: ReadonlyMap<string, number>;
  /** Ends every report, one after the other; never rejects. */
  end(run: RunResult, dir: string): Promise<readonly ReportFailure[]>;
}

const asError = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error(String(thrown));

/** Lets reports hear the events of a run, each kept apart from the errors of the others. */
export function openReports(reports: readonly Report[]): ReportSession {
  const failures = new Map<Report, Error>();
  const fail = (report: Report, thrown: unknown): void => {
    if (!failures.has(report)) failures.set(report, asError(thrown));
  };
  const wallMs = new Map<string, number>();
  return {
    wallMs,
    sink(event) {
      for (const report of reports) {
        if (failures.has(report)) continue;
        try {
          report.onEvent?.(event);
        } catch (thrown) {
          fail(report, thrown);
        }
      }
    },
    async end(run, dir) {
      for (const report of reports) {
        const start = performance.now();
        try {
          await report.onEnd(run, dir);
        } catch (thrown) {
          fail(report, thrown);
        }
        wallMs.set(report.name, performance.now() - start);
      }
      return [...failures].map(([report, error]) => ({ report: report.name, error }));
    },
  };
}

/** Makes reports of a finished run; returns what went wrong, never rejects. */
export function runReports(
  reports: readonly Report[],
  run: RunResult,
  dir: string,
): Promise<readonly ReportFailure[]> {
  return openReports(reports).end(run, dir);
}
