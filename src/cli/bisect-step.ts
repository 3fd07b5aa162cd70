// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { bisectStep } from '../jobs/generators/bisect-step.js';
import { commitOf } from '../kernels/git-bisect.js';
import { name } from '../pipeline/bisect.js';
import { makeRunDir } from '../pipeline/run.js';
import { bisectExitCode } from '../verdict/bisect-outcome.js';
import { stepFolder } from './bisection.js';
import { checkDevices, testCommit } from './commit-test.js';
import { usualDevice } from '../jobs/generators/generator.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

/** `busyguest bisect-step`: one commit, with the exit codes of a script for `git bisect run`. */
async function step(options: {
  readonly tree: string;
  readonly ref: string;
  readonly device: string;
  readonly results: string;
  readonly quiet: boolean;
}): Promise<number> {
  await checkDevices([options.device]);
  return interruptible(async (signal) => {
    const commit = await commitOf(resolve(options.tree), options.ref, signal);
    const dir = await makeRunDir(
      options.results,
      `bisect-step-${commit.id.slice(0, 12)}`,
      new Date(),
    );
    const { device, quiet } = options;
    const matrix = bisectStep({ source: `${resolve(options.tree)}#${commit.id}`, device });
    const result = await testCommit(matrix, join(dir, stepFolder(commit)), quiet, signal);
    process.stdout.write(`${name(commit)}: ${result.outcome}: ${result.text}\n`);
    return bisectExitCode[result.outcome];
  });
}

/** Options and help of `busyguest bisect-step`. */
export const declare: Declare = (command) =>
  command
    .option('--tree <path>', 'git repository; it is only read', '.')
    .option('--ref <ref>', 'commit to test', 'HEAD')
    .option('--device <name>', 'device to test on', usualDevice)
    .addOption(shared.results)
    .addOption(shared.quiet)
    .addHelpText(
      'after',
      `
If anything else goes wrong, the exit code is 128 or more, and git bisect stops.

Example:
  git bisect run busyguest bisect-step --tree .`,
    )
    .action(exits(step));
