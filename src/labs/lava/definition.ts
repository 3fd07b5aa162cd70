// SPDX-License-Identifier: MIT
import { commentedYaml } from '../commented-yaml.js';
import type { LavaJob } from './job.js';
import { kexecActions, petitbootActions } from './metal.js';
import { duration, type BootActions } from './boot-actions.js';
import { qemuActions } from './qemu.js';
import { runningActions } from './running.js';

/** Fetching two files of some MB, unpacking nothing; also the time between two lines of a console. */
const deployMinutes = 10;
/** How long a job may wait for its device. */
const queueHours = 12;

/**
 * A job definition for LAVA, 2023.01 and later: strict validation takes it. Readable YAML, with
 * comments where a value is not obvious.
 */
export function lavaDefinition(job: LavaJob): string {
  const { context, actions, notes, patient } = actionsOf(job);
  const { bootMs, testMs } = job.timeouts;
  const longest = Math.max(bootMs + testMs, deployMinutes * 60_000);
  const value = {
    job_name: job.name,
    device_type: job.deviceType,
    ...(job.tags.length > 0 && { tags: job.tags }),
    visibility: job.visibility,
    priority: job.priority,
    timeouts: {
      job: duration(bootMs + testMs + deployMinutes * 60_000),
      action: duration(longest),
      connection: duration(longest),
      ...(patient && {
        connections: Object.fromEntries(patient.map((name) => [name, duration(longest)])),
      }),
      queue: { hours: queueHours },
    },
    metadata: job.metadata,
    ...(context && { context }),
    actions,
  };
  return commentedYaml(value, {
    head: ['LAVA job made by "busyguest generate --for lava"; docs/lava.md says what is in it.'],
    notes: [
      { at: ['timeouts', 'connection'], text: 'a healthy kernel may print nothing for as long' },
      ...(patient ? [patienceNote] : []),
      {
        at: ['timeouts', 'queue'],
        text: 'no device for this long (in maintenance, worker gone): the job ends',
      },
      ...notes,
    ],
    flow: [
      'job',
      'action',
      'connection',
      'queue',
      'timeout',
      'auto-login-action',
      'lava-test-shell',
      'tags',
    ],
  });
}

const patienceNote = {
  at: ['timeouts', 'connections'],
  text: 'device types of LAVA have less: two minutes for a login, ten seconds for a line of a test',
};

function actionsOf(job: LavaJob): BootActions {
  const { machine } = job;
  switch (machine.boot) {
    case 'qemu':
      return qemuActions(job, machine);
    case 'petitboot':
      return petitbootActions(job);
    case 'kexec':
      return kexecActions(job);
    default:
      return runningActions(job, machine.boot);
  }
}
