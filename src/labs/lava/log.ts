// SPDX-License-Identifier: MIT
import { parse } from 'yaml';

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
    .map(readLine);
}

function readLine(line: string): LogLine {
  const value = mapOf(line.slice(2));
  const level = value?.['lvl'];
  if (typeof level !== 'string') return { level: 'unreadable', message: line };
  return { level, message: value?.['msg'] };
}

// Most are JSON, which is read 50 times as fast; numbers with a tag (! "1.0") and \x escapes are not.
const readers: readonly ((text: string) => unknown)[] = [
  (text) => JSON.parse(text) as unknown,
  (text) => parse(text, { logLevel: 'silent' }) as unknown,
];

function mapOf(text: string): Readonly<Record<string, unknown>> | undefined {
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

/** What the machine printed: its bytes as they came, but for the end of the line. */
export function consoleOf(lines: readonly LogLine[]): string {
  return lines
    .filter(({ level }) => level === 'target')
    .map(({ message }) => `${String(message)}\n`)
    .join('');
}
