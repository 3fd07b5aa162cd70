// SPDX-License-Identifier: MIT
import type { Command } from 'commander';

/** What a command's own file adds to it: arguments, options, help and its work. */
export type Declare = (command: Command) => Command;

/** The work of a command as commander calls it; what it returns is the exit code. */
export function exits(
  work: (...args: never[]) => Promise<number>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    // Commander checks the words by the declarations; their types are the command's own.
    process.exitCode = await work(...(args as never[]));
  };
}
