// SPDX-License-Identifier: MIT
import { Argument } from 'commander';
import { exitCode } from '../model/errors.js';
import { exits, type Declare } from './command.js';

const lists = {
  devices: async () => (await import('../devices/registry.js')).deviceNames(),
  matrices: async () =>
    (await (await import('./shipped-matrices.js')).shippedMatrices()).map(
      ({ name, summary }) => `${name}\t${summary}`,
    ),
} as const;

/** `busyguest complete WHAT`: what the completion of a shell offers, a line for each, a tab before what it is. */
export async function complete(what: keyof typeof lists): Promise<number> {
  const words = await lists[what]();
  process.stdout.write(words.map((word) => `${word}\n`).join(''));
  return exitCode.ok;
}

/** The argument of `busyguest complete`. */
export const declare: Declare = (command) =>
  command
    .addArgument(new Argument('<what>', 'what to list').choices(Object.keys(lists)))
    .action(exits(complete));
