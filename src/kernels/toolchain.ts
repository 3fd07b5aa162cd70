// SPDX-License-Identifier: MIT
import { arch } from 'node:os';
import type { Architecture } from '../architectures/architecture.js';
import { doctorFor, usualArchitecture } from '../architectures/architectures.js';
import { InfraError } from '../model/errors.js';
import { run } from '../system/processes.js';
import { firstLineOf } from '../system/program.js';
import type { PinnedSource } from './pinned-source.js';

/** The compiler of an architecture and what identifies it. */
export interface Toolchain {
  readonly kind: 'gcc' | 'llvm';
  readonly architecture: Architecture;
  /** gcc: prefix of the tools' names, empty on a host of the architecture. llvm: the kernel's LLVM=, `1`, `-19` or `DIR/`. */
  readonly choice: string;
  readonly compiler: string;
  /** First lines of `--version` of compiler and linker. */
  readonly versions: readonly string[];
}

/**
 * The prefix: $CROSS_COMPILE for the architecture that is meant where nobody says which, else the cross compiler, or none
 * on a host of the architecture.
 */
export function crossCompile(architecture: Architecture = usualArchitecture): string {
  const asked = architecture === usualArchitecture ? process.env['CROSS_COMPILE'] : undefined;
  return asked ?? usualPrefix(architecture);
}

const usualPrefix = ({ node, triplet }: Architecture): string =>
  arch() === node ? '' : `${triplet}-`;

type Choice = Pick<Toolchain, 'kind' | 'choice' | 'architecture'>;

/** A job matrix's `toolchain`: gcc, llvm, llvm-19 or PREFIX-; without it what LLVM and CROSS_COMPILE say, as for make. */
function choose(asked: string | undefined, architecture: Architecture): Choice {
  const llvm = process.env['LLVM'];
  if (asked === undefined) {
    return llvm
      ? { kind: 'llvm', choice: llvm, architecture }
      : { kind: 'gcc', choice: crossCompile(architecture), architecture };
  }
  if (asked === 'gcc') return { kind: 'gcc', choice: usualPrefix(architecture), architecture };
  const version = /^llvm(-\d+)?$/.exec(asked);
  return version
    ? { kind: 'llvm', choice: version[1] ?? '1', architecture }
    : { kind: 'gcc', choice: asked, architecture };
}

/** The name of a tool as the kernel's Makefile would call it. */
function tool({ kind, choice }: Choice, gcc: string, llvm: string): string {
  if (kind === 'gcc') return `${choice}${gcc}`;
  if (choice.endsWith('/')) return `${choice}${llvm}`;
  return choice.startsWith('-') ? `${llvm}${choice}` : llvm;
}

/** The program that lists archives. */
export const archiver = (toolchain: Choice): string => tool(toolchain, 'ar', 'llvm-ar');

/** Finds the toolchain of a kernel. Throws InfraError when the compiler is missing. */
export async function findToolchain(
  asked?: string,
  architecture: Architecture = usualArchitecture,
): Promise<Toolchain> {
  return find(choose(asked, architecture));
}

/** The compiler of the test's programs: gcc, whatever kernels are built with; clang has no C library to cross compile with. */
export async function findProgramToolchain(
  architecture: Architecture = usualArchitecture,
): Promise<Toolchain & { crossCompile: string }> {
  const found = await find({ kind: 'gcc', choice: crossCompile(architecture), architecture });
  return { ...found, crossCompile: found.choice };
}

const found = new Map<string, Promise<Toolchain>>();

/** The compiler of kernels is that of the test's programs, most often: asked once. */
function find(choice: Choice): Promise<Toolchain> {
  const key = `${choice.architecture.name} ${choice.kind} ${choice.choice}`;
  const asked = found.get(key) ?? ask(choice);
  found.set(key, asked);
  return asked;
}

async function ask(choice: Choice): Promise<Toolchain> {
  const [compiler, linker] = [tool(choice, 'gcc', 'clang'), tool(choice, 'ld', 'ld.lld')];
  const [cc, ld] = await Promise.all([
    firstLineOf([compiler, '--version']),
    firstLineOf([linker, '--version']),
  ]);
  if (cc === undefined || ld === undefined) {
    const missing = cc === undefined ? `the compiler ${compiler}` : `the linker ${linker}`;
    const todo =
      choice.kind === 'llvm'
        ? 'install clang, lld and llvm of one version (Debian: clang-19 lld-19 llvm-19 for llvm-19)'
        : `run "busyguest ${doctorFor(choice.architecture)}": it shows the line that installs it`;
    throw new InfraError('build', `${missing} is missing or does not run`, todo);
  }
  return { ...choice, compiler, versions: [cc, ld] };
}

/** What a script may take that prints a version, bytes. */
const scriptBytes = 1024 ** 3;

/** Throws InfraError when a kernel says that it needs a newer compiler (its scripts/min-tool-version.sh). */
export async function checkAge(
  { kind, versions, architecture: { name: arch } }: Toolchain,
  source: PinnedSource,
  signal: AbortSignal,
): Promise<void> {
  const script = (await source.readFile('scripts/min-tool-version.sh', signal))?.content;
  // "clang version 19.1.7 (...)"; "powerpc64le-linux-gnu-gcc (Debian 12.2.0-14) 12.2.0".
  const has = /(?:clang version|\)) (\d+(?:\.\d+)+)/.exec(versions[0] ?? '')?.[1];
  if (script === undefined || has === undefined) return;
  // It has conditions that only a shell can read. What may be run was asked when the kernel was planned.
  const { stdout } = await run(['sh', '-s', kind], {
    stage: 'build',
    signal,
    input: script,
    cage: { memoryBytes: scriptBytes, fileBytes: scriptBytes, cpuSeconds: 10, trusted: true },
    env: { ARCH: arch, SRCARCH: arch },
    okCodes: [0, 1, 2],
  });
  const needs = /^\d+(?:\.\d+)+$/.exec(stdout.trim())?.[0];
  if (needs === undefined || !isOlder(has, needs)) return;
  const tool = kind === 'llvm' ? 'LLVM' : 'gcc';
  const todo =
    kind === 'llvm'
      ? 'install a newer one beside it and name it: toolchain: llvm-NN, or LLVM=-NN'
      : 'name another by its prefix: toolchain: PREFIX-, or CROSS_COMPILE';
  throw new InfraError(
    'build',
    `${source.label} needs ${tool} ${needs} or newer, this is ${has}`,
    todo,
  );
}

/** Whether version a is before version b; numbers between dots. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  const at = [0, 1, 2].find((index) => (left?.[index] ?? 0) !== (right?.[index] ?? 0));
  return at !== undefined && (left?.[at] ?? 0) < (right?.[at] ?? 0);
}
