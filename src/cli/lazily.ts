// SPDX-License-Identifier: MIT

/** A command that is loaded when it is called; what it returns is the exit code. */
export function lazily(
  load: () => Promise<(...args: never[]) => Promise<number>>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = await load();
    // Commander checks the words by the declarations here; their types are the command's own.
    process.exitCode = await command(...(args as never[]));
  };
}
