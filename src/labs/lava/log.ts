// SPDX-License-Identifier: MIT
import { parse } from 'yaml';
import type { LabRow } from './record.js';

/**
 * What LAVA's log says when it starts the machine: the second action of every definition is the
 * boot, and from here on it is the machine's time.
 */
export const bootStarts = /^start: 2 /;

/** A line of a LAVA job's log. */
export interface LogLine {
  /** debug, info, warning, error, results, input, target, feedback ... */
  readonly level: string;
  /** The text of it; of a `results` line, its map. */
  readonly message: unknown;
}

/**
 * Lines of GET /jobs/N/logs/: each a YAML map on a line of its own. One that cannot be read comes as
 * level `unreadable`, so that lines are counted as the server counts them.
 */
export function readLog(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('- '))
    .map((line) => readLogLine(line.slice(2)));
}

/** A line of it without its dash, as lava-run prints it; one that cannot be read is of level `unreadable`. */
export function readLogLine(line: string): LogLine {
  const value = mapOf(line);
  const level = value?.['lvl'];
  if (typeof level !== 'string') return { level: 'unreadable', message: line };
  return { level, message: value?.['msg'] };
}

// Most are JSON, which is read 50 times as fast; numbers with a tag (! "1.0") and \x escapes are not.
const readers: readonly ((text: string) => unknown)[] = [
  (text) => JSON.parse(text) as unknown,
  (text) => parse(text, { logLevel: 'silent' }) as unknown,
];

/** A map that is JSON or YAML; undefined where the text is none. */
export function mapOf(text: string): Readonly<Record<string, unknown>> | undefined {
  for (const read of readers) {
    try {
      const value = read(text);
      if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
    } catch {
      // The next reader may know it.
    }
  }
  return undefined;
}

/** What the machine printed, byte for byte, without the ends of lines. */
export function consoleOf(lines: readonly LogLine[]): string {
  return lines
    .filter(({ level }) => level === 'target')
    .map(({ message }) => `${String(message)}\n`)
    .join('');
}

/** Rows of the job's own tests, as the log has them while they come. */
export function rowsOf(lines: readonly LogLine[]): LabRow[] {
  return resultsOf(lines).flatMap(({ definition, case: name, result, measurement, units }) => {
    if (definition === 'lava' || typeof name !== 'string' || typeof result !== 'string') return [];
    const hasValue = measurement !== undefined && measurement !== null;
    return [
      {
        name,
        result,
        ...(hasValue && { value: Number(measurement) }),
        ...(typeof units === 'string' && { unit: units }),
      },
    ];
  });
}

/** Why LAVA ended the job, on one line; undefined where the log does not say. */
export function errorOf(lines: readonly LogLine[]): string | undefined {
  const end = resultsOf(lines).find(
    ({ case: name, definition }) => name === 'job' && definition === 'lava',
  );
  const message = end?.['error_msg'];
  return typeof message === 'string' ? message.replace(/\s+/g, ' ').slice(0, 300) : undefined;
}

type Results = Readonly<Record<string, unknown>> & {
  readonly definition?: unknown;
  readonly case?: unknown;
  readonly result?: unknown;
  readonly measurement?: unknown;
  readonly units?: unknown;
};

const resultsOf = (lines: readonly LogLine[]): Results[] =>
  lines.flatMap(({ level, message }) =>
    level === 'results' && typeof message === 'object' && message !== null
      ? [message as Results]
      : [],
  );
