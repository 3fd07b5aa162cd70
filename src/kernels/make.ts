// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../model/errors.js';
import type { Cage } from '../system/cage.js';
import { cacheDir } from '../system/files.js';
import { run, tail } from '../system/processes.js';
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
    if (isLab(error)) throw error;
    throw await buildError(work, error);
  }
}

/** It reads the tree, writes to the object tree, and sees nothing else. What may be built was asked when it was planned. */
function cageOf({ tree, obj, toolchain: { kind, choice, compiler } }: Work): Cage {
  const linker = kind === 'gcc' ? [`${choice}ld`] : [];
  return { reads: [tree], writes: [obj], programs: ['make', compiler, ...linker], trusted: true };
}

function makeArgv({ tree, folder = '', obj, toolchain }: Work): string[] {
  const { kind, choice, compiler } = toolchain;
  // Both are named, so that the environment cannot choose half of another toolchain.
  const [prefix, llvm] = kind === 'gcc' ? [choice, ''] : ['', choice];
  return [
    ...['make', '-C', join(tree, folder), `O=${obj}`, 'ARCH=powerpc'],
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

/** Whether make failed for a reason that is not in the tree. */
const isLab = (error: unknown): boolean =>
  !(error instanceof InfraError) ||
  error.stage !== 'build' ||
  /no space|program not found/.test(error.message);

const printedTooMuch = (error: unknown): error is InfraError =>
  error instanceof InfraError && / printed more than /.test(error.message);

const wasKilled = (error: unknown): boolean =>
  error instanceof InfraError && /ended by SIG/.test(error.message);

async function buildError(
  { kernel, key, log }: Work,
  error: unknown,
): Promise<BuildError | InfraError> {
  const file = cacheDir('logs', `${key}-build.log`);
  await mkdir(cacheDir('logs'), { recursive: true });
  await writeFile(file, `${log.join('\n')}\n`);
  if (printedTooMuch(error)) return new BuildError(kernel, [error.message], file);
  const makeWasKilled = wasKilled(error);
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
