// SPDX-License-Identifier: MIT
import { flatPattern } from '../../ktap/flat-result.js';
import type { Note } from '../commented-yaml.js';
import type { LavaJob } from './job.js';
import { duration } from './boot-actions.js';

/** Name of the test suite that LAVA shows the rows in. */
export const suite = 'busyguest';

// With the line feed: LAVA logs whole lines, and one whose end it has not read when it stops reading is lost.
const endPattern = 'BUSYGUEST-END \\d+[^\\r\\n]*\\r*\\n';

/**
 * The action that watches the console for the payload's flat lines.
 * @param start what the console shows first; LAVA has thrown away all before it
 */
export function monitorAction(job: LavaJob, start: string): object {
  const { bootMs, testMs } = job.timeouts;
  const { name, pattern } = job.monitor ?? { name: suite, pattern: flatPattern };
  return {
    test: {
      timeout: duration(bootMs + testMs),
      monitors: [{ name, start, end: endPattern, pattern }],
    },
  };
}

/** @param index of the action in the job */
export function monitorNotes(index: number): Note[] {
  const monitor = ['actions', index, 'test', 'monitors', 0] as const;
  return [
    {
      at: ['actions', index, 'test', 'timeout'],
      text: 'from power-on to the last line: LAVA starts to wait when the kernel starts',
    },
    {
      at: [...monitor, 'pattern'],
      text: 'LAVA matches lines that are still coming: the pattern ends with what ends the line',
    },
  ];
}
