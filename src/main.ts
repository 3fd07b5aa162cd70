// SPDX-License-Identifier: MIT
import { program } from './cli/program.js';
import { exitCode, InfraError, InterruptedError, JobError, UsageError } from './model/errors.js';
import { isFull } from './system/disk.js';
import { CommanderError } from 'commander';

/** Runs the command line; the exit code says who was wrong (docs/decisions.md, "Exit codes"). */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    const command = program();
    await command.parseAsync(argv, { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : exitCode.ok;
  } catch (error) {
    const code = report(error);
    // git bisect run takes every code from 1 to 127 for "bad", and stops at a higher one.
    return argv[0] === 'bisect-step' && code > 0 && code < 128 ? code + 128 : code;
  }
}

/** Says what went wrong, on standard error; gives the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof UsageError) return say(error.message, exitCode.usage);
  if (error instanceof JobError) return say(error.message, exitCode.badJob);
  if (error instanceof InterruptedError) return say('interrupted', exitCode.interrupted);
  if (error instanceof InfraError) {
    const todo = error.todo === undefined ? '' : `\n  what to do: ${error.todo}`;
    const tail = error.logTail.map((line) => `\n  | ${line}`).join('');
    return say(`${error.stage}: ${error.message}${todo}${tail}`, exitCode.infrastructure);
  }
  const { code, message, path } = error as NodeJS.ErrnoException;
  if (isFull(error)) {
    const hint = 'free some space, or point BUSYGUEST_CACHE and --results to a larger disk';
    return say(
      `no space left on the device (${path ?? message})\n  what to do: ${hint}`,
      exitCode.infrastructure,
    );
  }
  if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') {
    return say(
      `${message}\n  what to do: choose another folder by BUSYGUEST_CACHE or --results`,
      exitCode.infrastructure,
    );
  }
  if ((error as Error).name === 'AbortError') return say('interrupted', exitCode.interrupted);
  const stack = error instanceof Error ? error.stack : String(error);
  return say(`a bug in busyguest; please report this:\n${stack ?? ''}`, exitCode.internal);
}

function say(text: string, code: number): number {
  process.stderr.write(`busyguest: ${text}\n`);
  return code;
}
