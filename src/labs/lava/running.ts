// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { projectDir } from '../../system/files.js';
import { quoteWord } from '../../system/shell-words.js';
import type { LavaJob } from './job.js';
import { suite } from './monitor.js';
import { duration, type BootActions } from './boot-actions.js';

/** What the shell of a booted machine prints when it waits for a command. */
export const hostPrompts: readonly string[] = ['root@[^ ]+[#$] ', '/ # '];

/** A system that runs already may be quiet when it boots: LAVA is not to wait for "Linux version". */
export const quietBoot = { 'kernel-start-message': '' };

/** The test definition that the project ships, for lava-test-shell. */
export const testDefinitionFile = join(projectDir, 'labs/lava/test-definitions/busy-guest.yaml');

/** A machine on which the kernel under test runs already: nothing is booted, the payload runs in a shell. */
export function runningActions(job: LavaJob, boot: 'ssh' | 'minimal'): BootActions {
  const isSsh = boot === 'ssh';
  const deploy = isSsh ? { to: 'ssh', os: 'debian' } : { to: 'overlay' };
  const method = isSsh
    ? { method: 'ssh', prompts: hostPrompts }
    : {
        method: 'minimal',
        parameters: quietBoot,
        prompts: hostPrompts,
        transfer_overlay: {
          download_command: 'cd /tmp && wget -q',
          unpack_command: 'tar -C / -xzf',
        },
      };
  return {
    patient: ['auto-login-action', 'lava-test-shell'],
    actions: [
      { deploy },
      { boot: { timeout: duration(job.timeouts.bootMs), ...method } },
      { test: { timeout: duration(job.timeouts.testMs), definitions: [definition(job)] } },
    ],
    notes: [
      ...(isSsh ? [oldServers] : []),
      {
        at: ['actions', 1, 'boot', 'prompts'],
        text: 'shell of root on the machine; for another prompt write it here',
      },
      {
        at: ['actions', 2, 'test', 'definitions', 0, 'from'],
        text: 'the same as labs/lava/test-definitions/busy-guest.yaml, with its parameters filled in',
      },
    ],
  };
}

/** The schema of newer servers refuses what that of older ones requires. */
const oldServers = {
  at: ['actions', 1, 'boot', 'method'],
  text: 'LAVA before 2025.01 wants "connection: ssh" beside it',
};

/**
 * The shipped definition with its parameters as the first steps: a server that is given a job takes none beside an
 * inline definition (lava_scheduler_app/schema.py, _inline_schema), though its strict validation does.
 */
function definition(job: LavaJob): object {
  const { metadata, run } = parse(readFileSync(testDefinitionFile, 'utf8')) as TestDefinition;
  const parameters = {
    PAYLOAD_URL: job.payload.url,
    PAYLOAD_SHA256: job.payload.sha256,
    PAYLOAD_ARGS: job.payloadArgs.join(' '),
  };
  const assignments = Object.entries(parameters).map(
    ([name, value]) => `${name}=${quoteWord(value)}`,
  );
  return {
    from: 'inline',
    name: suite,
    path: 'inline/busy-guest.yaml',
    repository: { metadata, run: { steps: [...assignments, ...run.steps] } },
  };
}

/** What we use of lava-test-shell's form. */
interface TestDefinition {
  readonly metadata: object;
  readonly run: { readonly steps: readonly string[] };
}
