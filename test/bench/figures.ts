// SPDX-License-Identifier: MIT

/** One measurement: milliseconds of wall time, and of CPU time (user and system) where it is known. */
export interface Sample {
  readonly wallMs: number;
  readonly cpuMs?: number;
}

/** A line of the table: what was measured, or the reason why it could not be. */
export type Row =
  | { readonly what: string; readonly samples: readonly Sample[]; readonly against?: string }
  | { readonly what: string; readonly missing: string };

/** The middle of the values; of an even number the mean of the two in the middle. NaN without any. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? NaN;
  const high = sorted[Math.floor(middle)] ?? NaN;
  return (low + high) / 2;
}

/** The median of the wall times, milliseconds. */
export const medianMs = (samples: readonly Sample[]): number =>
  median(samples.map(({ wallMs }) => wallMs));

/** How many times as long as the other, "1.06 x". */
export const ratio = (samples: readonly Sample[], others: readonly Sample[]): string =>
  `${(medianMs(samples) / medianMs(others)).toFixed(2)} x`;

/** Milliseconds as seconds: "0.98 s", from a minute on "3 min 43 s". */
export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(2)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Megabytes (10^6) a second. */
export const megabytesPerSecond = (bytes: number, ms: number): string =>
  `${(bytes / 1000 / ms).toPrecision(3)} MB/s`;

const header = ['what', 'median', 'least to most', 'CPU time', 'against'];

/** The rows as a table in Markdown. */
export function markdownTable(rows: readonly Row[]): string {
  const lines = [header, header.map(() => '---'), ...rows.map(cells)];
  return lines.map((line) => `| ${line.map(escaped).join(' | ')} |\n`).join('');
}

const escaped = (cell: string): string => cell.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

function cells(row: Row): string[] {
  if ('missing' in row) return [row.what, 'not measured', '', '', row.missing];
  const { what, samples, against = '' } = row;
  const walls = samples.map(({ wallMs }) => wallMs);
  const cpus = samples.flatMap(({ cpuMs }) => cpuMs ?? []);
  const span =
    walls.length < 2 ? '' : `${seconds(Math.min(...walls))} to ${seconds(Math.max(...walls))}`;
  return [
    what,
    seconds(median(walls)),
    span,
    cpus.length === 0 ? '' : seconds(median(cpus)),
    against,
  ];
}
