// SPDX-License-Identifier: MIT
import module from 'node:module';
import { program } from './cli/program.js';
import { exitCode, InfraError, InterruptedError, JobError, UsageError } from './model/errors.js';
import { assertEntryIsOurs } from './system/cache-trust.js';
import { isFull } from './system/disk.js';
import { cacheDir } from './system/files.js';
import { terminalText } from './reports/text.js';
import { CommanderError } from 'commander';

/** Runs the command line and sets the exit code, which says who was wrong (docs/decisions.md, "Exit codes"). */
export async function main(argv: readonly string[]): Promise<void> {
  keepStreams();
  keepPrintable();
  keepCompiled();
  // What nobody waits for is a bug of ours; Node.js would end with 1, which blames the kernel.
  process.on('uncaughtException', (error) => process.exit(codeOf(error, argv)));
  try {
    await (await program(argv)).parseAsync(argv, { from: 'user' });
  } catch (error) {
    process.exitCode = codeOf(error, argv);
  }
}

/** What anybody wrote reaches a terminal as text that can be read, whichever way it came here. */
function keepPrintable(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    stream.write = (chunk: unknown, ...rest: unknown[]) =>
      write(typeof chunk === 'string' ? terminalText(chunk) : chunk, ...rest);
  }
}

/** A reader that has seen enough (`| head`) or a closed terminal takes nothing from what was found out. */
function keepStreams(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    const code = report(error);
    process.on('exit', () => (process.exitCode = code));
  });
}

// From Node.js 22.8 on: a run that changes nothing takes a quarter less CPU time when its modules are compiled already.
function keepCompiled(): void {
  const { enableCompileCache } = module as { enableCompileCache?: (dir: string) => unknown };
  try {
    const dir = cacheDir('compiled');
    assertEntryIsOurs(dir);
    enableCompileCache?.(dir);
  } catch {
    // What another user could have compiled is not run; commands that need the cache say what is wrong with it.
  }
}

// git bisect run takes every code from 1 to 127 for "bad", and stops at a higher one.
function codeOf(error: unknown, argv: readonly string[]): number {
  const code = report(error);
  return argv[0] === 'bisect-step' && code > 0 && code < 128 ? code + 128 : code;
}

/** Says what went wrong, on standard error; gives the exit code. */
export function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  if (error instanceof UsageError) return say(error.message, exitCode.usage);
  if (error instanceof JobError) return say(error.message, exitCode.badJob);
  if (error instanceof InterruptedError) return say('interrupted', exitCode.interrupted);
  if (error instanceof InfraError) return say(error.report, exitCode.infrastructure);
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
  const { syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined)
    return say(surroundings(code, message), exitCode.infrastructure);
  if ((error as Error).name === 'AbortError') return say('interrupted', exitCode.interrupted);
  const stack = error instanceof Error ? error.stack : String(error);
  return say(`a bug in busyguest; please report this:\n${stack ?? ''}`, exitCode.internal);
}

/** What the system refused: its limits and folders, not our doing. */
function surroundings(code: string, message: string): string {
  const todo: Readonly<Record<string, string>> = {
    EMFILE: 'allow more open files: ulimit -n 1024',
    ENFILE: 'the system has too many open files',
    EFBIG: 'allow larger files: ulimit -f unlimited',
    EAGAIN: 'allow more processes: ulimit -u',
    ENOMEM: 'more memory is needed',
    ENOENT: 'does TMPDIR, BUSYGUEST_CACHE or --results name a folder that is not there?',
  };
  const hint = todo[code];
  return hint === undefined ? message : `${message}\n  what to do: ${hint}`;
}

function say(text: string, code: number): number {
  process.stderr.write(`busyguest: ${text}\n`);
  return code;
}
