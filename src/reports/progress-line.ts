// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/event.js';
import type { JobResult } from '../model/result.js';
import { stopwatch } from './progress-activity.js';
import { outcomeOf } from './outcome.js';

export interface LineOptions {
  /** Console lines too. */
  readonly verbose: boolean;
  /** Beginnings and progress too, for where there is no status line. */
  readonly steps: boolean;
  /** What the work that ends took, milliseconds. */
  readonly tookMs?: number | undefined;
  /** Columns of the screen, where a line ends with the last clause that fits: the table says the rest. */
  readonly width?: number | undefined;
  /** How long the run will still take, as text; may be empty. */
  readonly left?: string;
}

/** Work below this is done at once for a person. */
const leastMs = 1000;

/** `work 45 %, about 2:10 left`. */
function progressText(text: string, fraction: number | undefined, left: string): string {
  const percent = fraction === undefined ? '' : ` ${Math.floor(fraction * 100)} %`;
  return `${text}${percent}${left === '' ? '' : `, ${left}`}`;
}

/** A sentence without the clauses for which there is no room; the first one stays. */
function clauses(text: string, width: number): string {
  const [first = '', ...more] = text.split('; ');
  let line = first;
  for (const clause of more) {
    if (line.length + 2 + clause.length > width) return line;
    line += `; ${clause}`;
  }
  return line;
}

function jobLine(job: JobResult, width = Infinity): string {
  const outcome = {
    expected: 'as expected',
    skipped: 'no device',
    unexpected: `NOT as expected (${job.expect})`,
  }[outcomeOf(job)];
  const origin = job.reused ? ', taken from an earlier run' : '';
  return clauses(`${job.name}: ${job.status}, ${outcome}${origin}: ${job.reason}`, width);
}

/** The line an event is worth, as it came (not yet cleaned); undefined when it is worth none. */
export function plainLine(
  event: RunEvent,
  { verbose, steps, tookMs = 0, width, left = '' }: LineOptions,
): string | undefined {
  const step = (text: string): string | undefined => (steps ? text : undefined);
  switch (event.kind) {
    case 'run-start':
      return `run ${event.run}: ${event.jobs.length} jobs, results in ${event.dir}`;
    case 'note':
      return event.text;
    case 'work-start':
      return step(event.text);
    case 'work-progress':
      return step(progressText(event.text, event.fraction, left));
    case 'work-end':
      if (!event.ok) return `failed: ${event.text}`;
      return tookMs < leastMs ? event.text : `${event.text} (${stopwatch(tookMs)})`;
    case 'job-start':
      return step(`${event.job}: start`);
    case 'job-phase':
      return step(`${event.job}: ${event.phase}`);
    case 'console':
      return verbose ? `${event.job} | ${event.line}` : undefined;
    case 'job-end':
      return jobLine(event.result, width);
    case 'steps':
    case 'run-end':
      return undefined;
  }
}
