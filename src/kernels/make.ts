// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../model/errors.js';
import type { Cage } from '../system/cage.js';
import { cacheDir } from '../system/files.js';
import { ProgramError, run, tail } from '../system/processes.js';
import type { Toolchain } from './toolchain.js';

/** The compiler found an error: its lines come first. A result of the kernel, not of the lab. */
export class BuildError extends Error {
  override readonly name = 'BuildError';
  constructor(
    readonly kernel: string,
    readonly errors: readonly string[],
    readonly log: string,
    /** Whether the compiler says it of a place in the source, and nothing is missing. */
    readonly isCompilers = false,
  ) {
    super(errors[0] ?? `the build of ${kernel} failed`);
  }
}

/** A kernel tree that is built. */
export interface Work {
  readonly kernel: string;
  readonly key: string;
  readonly tree: string;
  /** make's O=. */
  readonly obj: string;
  /** Folder of the tree whose Makefile is used; the top where left out. */
  readonly folder?: string;
  readonly toolchain: Toolchain;
  readonly signal: AbortSignal;
  /** Everything that make printed so far. */
  readonly log: string[];
}

/** A build with every warning is a tenth of it. */
const mostPrinted = 16 * 1024 ** 2;

/** Runs make. Throws BuildError for what is wrong with the tree, InfraError, InterruptedError. */
export async function make(
  work: Work,
  goals: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onLine?: (line: string) => void,
): Promise<void> {
  const { signal, log } = work;
  const take = (line: string): void => {
    log.push(line);
    onLine?.(line);
  };
  const options = {
    stage: 'build',
    signal,
    env: { ...makeEnv, ...env },
    onLine: take,
    mostBytes: mostPrinted,
    cage: cageOf(work),
  };
  try {
    await run([...makeArgv(work), ...goals], options);
  } catch (error) {
    throw isOfTree(error) ? await buildError(work, error) : error;
  }
}

/** It reads the tree, writes to the object tree, and sees nothing else. What may be built was asked when it was planned. */
function cageOf({ tree, obj, toolchain: { kind, choice, compiler } }: Work): Cage {
  const linker = kind === 'gcc' ? [`${choice}ld`] : [];
  return { reads: [tree], writes: [obj], programs: ['make', compiler, ...linker], trusted: true };
}

function makeArgv({ tree, folder = '', obj, toolchain }: Work): string[] {
  const { kind, choice, compiler, architecture } = toolchain;
  // Both are named, so that the environment cannot choose half of another toolchain.
  const [prefix, llvm] = kind === 'gcc' ? [choice, ''] : ['', choice];
  return [
    ...['make', '-C', join(tree, folder), `O=${obj}`, `ARCH=${architecture.name}`],
    ...[`CROSS_COMPILE=${prefix}`, `LLVM=${llvm}`, `CC=${compiler}`],
  ];
}

// Two builds of the same thing are to be the same to the byte.
const makeEnv: Readonly<Record<string, string>> = {
  KBUILD_BUILD_TIMESTAMP: '2026-01-01',
  KBUILD_BUILD_USER: 'busyguest',
  KBUILD_BUILD_HOST: 'busyguest',
  KBUILD_BUILD_VERSION: '1',
  LC_ALL: 'C',
};

/** What the compiler, the linker, kconfig and make say of a broken tree, and, if they are silent, what follows from it. */
const causes =
  /\berror:|undefined (?:reference|symbol)|Kconfig\S*:\d+: (?!warning)|No rule to make target/;
const consequences = /\*\*\* \[/;

/** How make, gcc, clang, the shells and collect2 tell of a program that a signal has ended, or that got no memory. */
const noMemory = new RegExp(
  [
    String.raw`\*\*\* \[[^\]]*\] (?:Killed|Terminated)`,
    'error: (?:Killed|Terminated) signal terminated program',
    'error: unable to execute command: Killed',
    String.raw`terminated with signal (?:9|15)\b`,
    String.raw`: line \d+: +\d+ Killed\b`,
    'virtual memory exhausted|out of memory allocating',
  ].join('|'),
);

/** Whether make failed for a reason that can be in the tree. */
const isOfTree = (error: unknown): error is ProgramError =>
  error instanceof ProgramError && !['not found', 'disk full'].includes(error.ending);

async function buildError(
  { kernel, key, log }: Work,
  { ending, message }: ProgramError,
): Promise<BuildError | InfraError> {
  const file = cacheDir('logs', `${key}-build.log`);
  await mkdir(cacheDir('logs'), { recursive: true });
  await writeFile(file, `${log.join('\n')}\n`);
  if (ending === 'printed too much') return new BuildError(kernel, [message], file);
  const makeWasKilled = ending === 'signal';
  if (makeWasKilled || log.some((line) => noMemory.test(line))) {
    return new InfraError(
      'build',
      `${makeWasKilled ? 'make' : 'the compiler'} was killed by a signal, perhaps because memory ran out`,
      'see the kernel log (dmesg); compile fewer files at once: taskset --cpu-list 0 busyguest ...',
      tail(log.join('\n')),
    );
  }
  const found = [causes, consequences].map((kind) => log.filter((line) => kind.test(line)));
  const errors = found.find((lines) => lines.length > 0) ?? log.slice(-10);
  const isCompilers = errors.some((line) => /:\d+:\d+: error:/.test(line));
  return new BuildError(kernel, [...new Set(errors)].slice(0, 20), file, isCompilers);
}
