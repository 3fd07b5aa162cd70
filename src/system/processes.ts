// SPDX-License-Identifier: MIT
import { constants } from 'node:os';
import type { Options } from 'execa';
import { InfraError, InterruptedError } from '../model/errors.js';
import { caged, type Cage } from './cage.js';
import { environmentFor, type Passing } from './environment.js';

/** How to run a program. */
export interface RunOptions {
  /** What is being done, for the error: "build", "fetch". */
  readonly stage: string;
  readonly cwd?: string;
  /** Besides what `passes` lets through. */
  readonly env?: Readonly<Record<string, string>>;
  /** What of our environment it gets; default `tools`. */
  readonly passes?: Passing;
  /** For what runs a stranger's code. */
  readonly cage?: Cage;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line of stdout and stderr, as it comes. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are no error; default 0 only. */
  readonly okCodes?: readonly number[];
  /** Give the output to the byte, each as a character (latin1), its last line feed too. */
  readonly bytes?: boolean;
  /** The most that it prints, bytes; more is its failure. Default: 256 MiB. */
  readonly mostBytes?: number;
  /** Fed to standard input. */
  readonly input?: string | Uint8Array;
  /** What the user can do when it fails. */
  readonly todo?: string;
}

/** What a program gave back. */
export interface RunOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/**
 * Arguments that make the kernel kill the program when busyguest dies, by SIGKILL too
 * (PR_SET_PDEATHSIG through setpriv of util-linux). Its own process group keeps Ctrl-C for us.
 */
export const dieWithParent = ['setpriv', '--pdeathsig', 'KILL', '--'] as const;

/** As the C library, tar ("Wrote only 8192 of 10240 bytes") and apt say it. */
const noSpace =
  /No space left on device|ENOSPC|Disk quota exceeded|: Wrote only \d+ of \d+ bytes|have enough free space in/;
const tailLines = 20;

/** The last lines of a text, for error messages. */
export function tail(text: string, lines = tailLines): string[] {
  return text.trimEnd().split('\n').slice(-lines);
}

/**
 * Runs a program to its end. Throws InfraError when it is missing, fails or the disk is full,
 * InterruptedError when the signal fired; the whole process group is ended then.
 */
export async function run(argv: readonly string[], options: RunOptions): Promise<RunOutput> {
  const { stage, signal, okCodes = [0] } = options;
  signal?.throwIfAborted();
  const { program, env } = await prepared(argv, options);
  // Half of what a command loads that starts no program.
  const { execa } = await import('execa');
  signal?.throwIfAborted();
  const child = execa(program[0] ?? '', program.slice(1), execaOptions(options, env));
  const stop = (): void => killGroup(child.pid);
  signal?.addEventListener('abort', stop, { once: true });
  const lines = options.onLine ? readLines(child, options.onLine) : Promise.resolve();
  const result = await child;
  await lines;
  signal?.removeEventListener('abort', stop);
  if (signal?.aborted) throw new InterruptedError(`${stage}: interrupted`);

  const stdout = String(result.stdout ?? '');
  const stderr = String(result.stderr ?? '');
  const { exitCode } = result;
  if (exitCode !== undefined && okCodes.includes(exitCode)) return { stdout, stderr, exitCode };
  throw failure(argv, options, `${stderr}\n${stdout}`, result);
}

async function prepared(
  argv: readonly string[],
  { cage, passes = 'tools', env, cwd }: RunOptions,
): Promise<{ program: readonly string[]; env: Readonly<Record<string, string>> }> {
  if (cage === undefined) {
    return { program: [...dieWithParent, ...argv], env: environmentFor(passes, env) };
  }
  const inside = await caged(argv, cage, env, cwd);
  return { program: inside.argv, env: inside.env };
}

const mostPrinted = 256 * 1024 ** 2;

function execaOptions(options: RunOptions, env: Readonly<Record<string, string>>): Options {
  return {
    reject: false,
    detached: true,
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: { ...env },
    extendEnv: false,
    ...(options.input !== undefined ? { input: options.input } : { stdin: 'ignore' }),
    ...(options.bytes && { encoding: 'latin1' as const, stripFinalNewline: false }),
    maxBuffer: options.mostBytes ?? mostPrinted,
  };
}

async function readLines(
  child: { iterable(options: { from: 'all' | 'stdout' | 'stderr' }): AsyncIterable<unknown> },
  onLine: (line: string) => void,
): Promise<void> {
  const read = async (from: 'stdout' | 'stderr'): Promise<void> => {
    for await (const line of child.iterable({ from })) onLine(String(line));
  };
  // A failure of the program ends the iteration too; run() reports it from the result.
  await Promise.allSettled([read('stdout'), read('stderr')]);
}

/** How a program ended that did not do its work. */
type ProgramEnding = 'printed too much' | 'not found' | 'disk full' | 'signal' | 'exit code';

/** A program that did not do its work. */
export class ProgramError extends InfraError {
  constructor(
    readonly ending: ProgramEnding,
    ...error: ConstructorParameters<typeof InfraError>
  ) {
    super(...error);
  }
}

function failure(
  argv: readonly string[],
  { stage, todo, cage, mostBytes = mostPrinted }: RunOptions,
  output: string,
  result: {
    exitCode?: number | undefined;
    signal?: string | undefined;
    code?: string | undefined;
    isMaxBuffer?: boolean;
  },
): InfraError {
  const program = argv[0] ?? '';
  if (result.isMaxBuffer === true) {
    const why = `printed more than ${mostBytes / 1024 ** 2} MiB`;
    return new ProgramError('printed too much', stage, `${program}: ${why}`, todo, tail(output, 5));
  }
  // setpriv and prlimit report a program that is not there with 127, as a shell does.
  if (result.exitCode === 127 || result.code === 'ENOENT') {
    return new ProgramError(
      'not found',
      stage,
      `${program}: program not found`,
      'run "busyguest doctor": it shows what is missing and the line that installs it',
    );
  }
  if (cage && /^bwrap: /m.test(output)) {
    return new InfraError(
      'sandbox',
      `bubblewrap: ${/^bwrap: (.*)$/m.exec(output)?.[1] ?? ''}`,
      'BUSYGUEST_SANDBOX=off does without, for what you trust',
    );
  }
  if (noSpace.test(output)) {
    return new ProgramError(
      'disk full',
      stage,
      `${program}: no space left on the device`,
      'free some space, or point BUSYGUEST_CACHE to a larger disk',
      tail(output, 5),
    );
  }
  const ended = result.signal ?? (cage && signalOf(result.exitCode));
  const how = ended ? `ended by ${ended}` : `exit code ${result.exitCode}`;
  const message = `${argv.slice(0, 3).join(' ')}: ${how}`;
  return new ProgramError(ended ? 'signal' : 'exit code', stage, message, todo, tail(output));
}

/** bubblewrap ends as a shell does when its program was ended by a signal: with 128 and the signal's number. */
function signalOf(exitCode: number | undefined): string | undefined {
  const number = (exitCode ?? 0) - 128;
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
}

/** Ends a program and all its children, at once. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** The first line that `argv` prints, or undefined when the program is missing or fails. */
export async function firstLine(argv: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(argv, { stage: 'probe' });
    return (stdout || stderr).split('\n')[0];
  } catch {
    return undefined;
  }
}
