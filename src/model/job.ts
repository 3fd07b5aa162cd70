// SPDX-License-Identifier: MIT
import type { Status } from './status.js';

/** What a test program is told. What it may be is the program's own (src/payload/). */
export type TestParameters = object;

/** A test of a job matrix: which test program, with which parameters. */
export interface TestSpec {
  readonly name: string;
  /** Name of the test program; busy-guest where it is left out. */
  readonly program?: string;
  readonly parameters: TestParameters;
}

/** Whether the fix of the matrix is in the kernel, whatever the source already contains. */
export type FixState = 'present' | 'absent';

/** The source of a kernel that is not built: the one that runs on the device. */
export const runningKernel = 'running';

/** How a kernel comes to be: a source, what is patched, which config. */
export interface KernelSpec {
  readonly name: string;
  /** `PATH`, `PATH#REF`, `git+URL#REF`, `debian:PACKAGE[@SUITE]` or `running`; see docs/writing-jobs.md. */
  readonly source: string;
  /** A distribution's kernel instead: `debian:PACKAGE[@SUITE]`, or files that belong together, absolute. Empty: it is built from `source`. */
  readonly packages: readonly string[];
  /** More options for the kernel command line. */
  readonly commandLine: readonly string[];
  /** Patch files or folders of them, absolute, applied in order after `fix`. */
  readonly patches: readonly string[];
  /** Ask for the matrix's fix to be in or out; undefined leaves the source as it is. */
  readonly fix?: FixState;
  /** Names of fragments under jobs/config/, or absolute paths: of fragments, or of a full .config before them. */
  readonly config: readonly string[];
  /** The one file of `config` is a full .config, however it begins. */
  readonly configIsFull?: true;
  /** `gcc`, `llvm`, `llvm-19` or `PREFIX-`; undefined: what LLVM and CROSS_COMPILE of the environment say. */
  readonly toolchain?: string;
  /** The status that every job of this kernel should end with. */
  readonly expect: Status;
  /** Name of the kernel that this one is compared with for a verdict. */
  readonly base?: string;
  /** The kernel's name for the architecture that it is built for, or that its packages are of; undefined: the usual one. */
  readonly architecture?: string;
  /** The test program that it is built for, where that needs more of a kernel than its matrix says. */
  readonly builtFor?: string;
  /** Config fragments of the tree itself: what they ask for and the tree has is added to `config`. */
  readonly treeConfig?: readonly string[];
}

/** What a kernel is built and told apart by: one of a matrix may be built for several architectures and test programs. */
export function kernelId({
  name,
  builtFor,
  architecture,
}: Pick<KernelSpec, 'name' | 'builtFor' | 'architecture'>): string {
  const built = builtFor === undefined ? name : `${name} for ${builtFor}`;
  return architecture === undefined ? built : `${built} on ${architecture}`;
}

/** The fix that `fix: present|absent` talks about. Absolute folders of patches. */
export interface FixSpec {
  /** Series that adds the fix to a tree without it. */
  readonly add: string;
  /** Each is a series that takes the fix out of a tree that has it; the first that applies is used. */
  readonly remove: readonly string[];
}

/** Wall-clock deadlines of the phases, milliseconds. */
export interface Timeouts {
  readonly buildMs: number;
  readonly bootMs: number;
  readonly testMs: number;
}

/** A device that the job matrix describes itself, for QEMU machines that the built-in table lacks. */
export interface DeviceSpec {
  readonly name: string;
  /** QEMU -machine value, with its options. */
  readonly machine: string;
  readonly cpu?: string;
  readonly memoryMb: number;
  readonly smp: number;
  readonly accel: 'tcg' | 'kvm';
  /** Use instruction-counted virtual time (TCG only). */
  readonly icount: boolean;
  /** Values for -device. */
  readonly devices: readonly string[];
  /** More arguments; from a generator only. */
  readonly extraArgs: readonly string[];
  /** Console device on the kernel command line. */
  readonly console: string;
}

/** What a text may match: a regular expression, of whichever engine. */
export interface Pattern {
  readonly source: string;
  test(text: string): boolean;
}

/** A fault that is known and must not turn a PASS into a FAIL. */
export interface KnownFault {
  /** Regular expression on the fault's title. */
  readonly title: Pattern;
  readonly reason: string;
}

/** A kernel on a device: one boot, one test. */
export interface Job {
  /** Unique in the run, also a folder name: `<kernel>-<device>-<test>`. */
  readonly name: string;
  readonly kernel: KernelSpec;
  /** Name of a built-in device, or of one in `devices`. */
  readonly device: string;
  readonly deviceSpec?: DeviceSpec;
  readonly test: TestSpec;
  readonly expect: Status;
  readonly timeouts: Timeouts;
  readonly knownFaults: readonly KnownFault[];
}

/** A job matrix after reading and expanding it. */
export interface JobMatrix {
  readonly name: string;
  /** The file it came from, as the user gave it. */
  readonly file: string;
  readonly kernels: readonly KernelSpec[];
  readonly fix?: FixSpec;
  readonly jobs: readonly Job[];
}
