// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import { version } from '../model/version.js';
import { commands } from './commands.js';

/** The command line: what each command does is loaded only when it runs. */
export function program(): Command {
  const root = new Command('busyguest')
    .description('Proves that a Linux host keeps CPU limits on KVM guests, on every POWER machine.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(busyguest --help shows what there is)')
    .addHelpText(
      'after',
      `
Examples:
  busyguest run jobs/pre-pull.yaml          build, boot and judge on every device
  busyguest run jobs/smoke.yaml --tree ~/linux
  busyguest plan jobs/pre-pull.yaml         what would be done, and nothing else
  busyguest devices                         which machines can run here, and why not

Exit codes: 0 as expected, 1 not, 4 nothing could run, 64 usage, 65 bad job matrix or input,
            69 infrastructure, 70 a bug of busyguest, 130 interrupted`,
    );
  for (const add of commands) add(root);
  for (const command of root.commands) command.exitOverride();
  return root;
}
