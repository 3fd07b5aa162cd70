// SPDX-License-Identifier: MIT
import { Command, Help, type Option } from 'commander';
import { version } from '../model/version.js';
import { commands } from './commands.js';

/** A flag that is not given is off: that needs no words. */
function optionDescription(option: Option): string {
  return Help.prototype.optionDescription(option).replace(/ \(default: false\)$/, '');
}

/**
 * The command line.
 * @param argv only the commands that it names are loaded; of the others there is a line in the help. All are loaded
 * where it is left out.
 */
export async function program(argv?: readonly string[]): Promise<Command> {
  const root = new Command('busyguest')
    .description('Proves that a Linux host keeps CPU limits on KVM guests, on every POWER machine.')
    .version(version)
    .exitOverride()
    .configureHelp({ optionDescription })
    .showHelpAfterError('(busyguest --help shows what there is)')
    .addHelpText(
      'after',
      `
busyguest COMMAND --help shows the options of a command.

Examples:
  busyguest run pre-pull            build, boot and judge on every device
  busyguest run smoke --tree ~/linux
  busyguest plan pre-pull           show what would be done, and do nothing
  busyguest init my.yaml            write a job matrix of your own to begin with
  busyguest devices                 show which machines can run here, and why others cannot

Exit codes: 0 as expected, 1 not as expected, 4 nothing could run, 64 usage,
            65 bad job matrix or other input, 69 infrastructure, 70 a bug of busyguest, 130 interrupted`,
    );
  for (const { name, description, hidden = false, load } of commands) {
    const command = root.command(name, { hidden }).description(description).exitOverride();
    // A command is named by its whole word only.
    if (argv === undefined || argv.includes(name)) (await load()).declare(command);
  }
  return root;
}
