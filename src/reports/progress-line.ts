// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/event.js';
import type { JobResult } from '../model/result.js';
import { outcomeOf } from './outcome.js';

/** `verbose`: console lines too. `steps`: beginnings and progress too, for where there is no status line. */
export interface LineOptions {
  readonly verbose: boolean;
  readonly steps: boolean;
}

function jobLine(job: JobResult): string {
  const outcome = {
    expected: 'as expected',
    skipped: 'no device',
    unexpected: `NOT as expected (${job.expect})`,
  }[outcomeOf(job)];
  const origin = job.reused ? ', taken from an earlier run' : '';
  return `${job.name}: ${job.status}, ${outcome}${origin}: ${job.reason}`;
}

/** The line an event is worth, as it came (not yet cleaned); undefined when it is worth none. */
export function plainLine(event: RunEvent, { verbose, steps }: LineOptions): string | undefined {
  const step = (text: string): string | undefined => (steps ? text : undefined);
  switch (event.kind) {
    case 'run-start':
      return `run ${event.run}: ${event.jobs.length} jobs, results in ${event.dir}`;
    case 'note':
      return event.text;
    case 'work-start':
      return step(event.text);
    case 'work-progress':
      return step(
        event.fraction === undefined
          ? event.text
          : `${event.text} ${Math.floor(event.fraction * 100)} %`,
      );
    case 'work-end':
      return event.ok ? event.text : `failed: ${event.text}`;
    case 'job-start':
      return step(`${event.job}: start`);
    case 'job-phase':
      return step(`${event.job}: ${event.phase}`);
    case 'console':
      return verbose ? `${event.job} | ${event.line}` : undefined;
    case 'job-end':
      return jobLine(event.result);
    case 'run-end':
      return undefined;
  }
}
