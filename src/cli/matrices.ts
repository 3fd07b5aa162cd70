// SPDX-License-Identifier: MIT
import { exits, type Declare } from './command.js';
import { shippedMatrices } from './shipped-matrices.js';

/** `busyguest matrices`: the job matrices that come with busyguest, a line each. */
export async function matrices(): Promise<number> {
  const all = await shippedMatrices();
  const width = Math.max(...all.map(({ name }) => name.length));
  for (const { name, summary } of all) process.stdout.write(`${name.padEnd(width)}  ${summary}\n`);
  return 0;
}

/** Help of `busyguest matrices`. */
export const declare: Declare = (command) =>
  command
    .addHelpText(
      'after',
      `
"busyguest run", "plan", "generate" and "init --from" take these names. A file of the current folder comes first.

Examples:
  busyguest matrices
  busyguest plan pre-pull`,
    )
    .action(exits(matrices));
