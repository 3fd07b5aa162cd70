// SPDX-License-Identifier: MIT

/** What a command on the machine gave back. */
export interface CommandResult {
  readonly code: number;
  /** What it printed, and around it what else the console showed. */
  readonly output: string;
}

/** A shell on the machine, reached by its console or by ssh. */
export interface Shell {
  /** Runs a command line to its end. Throws InfraError when it does not end in time, InterruptedError. */
  run(command: string, timeoutMs: number): Promise<CommandResult>;
  /** Starts one that never comes back. */
  leave(command: string): Promise<void>;
}
