// SPDX-License-Identifier: MIT
import type { Timeouts } from '../model/job.js';
import type { Promised } from '../model/result.js';
import type { ExitReason } from '../model/result.js';

/** What a device is given to boot. */
export interface Boot {
  /** Path of the kernel image. */
  readonly kernel: string;
  /** Path of the initramfs. */
  readonly initramfs: string;
  /** Kernel command line options that the kernel itself needs; the device adds its console. */
  readonly commandLine: readonly string[];
  /** Arguments of the payload; the device may add its own (see `Device.payloadArgs`). */
  readonly payloadArgs: readonly string[];
  /** CPUs that the test wants the machine to have. */
  readonly cpus: number;
  /** Path of the test program alone, for a machine whose running kernel is tested. */
  readonly program?: string;
}

/** Hears what happens on a machine before the kernel under test runs on it. */
export interface Watcher {
  /** What is being done, a few words. */
  say(text: string): void;
  /** What the machine's firmware and its own system print. */
  firmware(bytes: Uint8Array): void;
}

/** One thing that `busyguest devices check` tried. */
export interface CheckStep {
  readonly name: string;
  /** What was found; where it failed, what went wrong. */
  readonly text: string;
  readonly ok: boolean;
  /** What to do about it. */
  readonly todo?: string | undefined;
}

/** What a device may know of the job that it boots for. */
export interface BootContext {
  /** The job's folder: what the device leaves for people goes there. */
  readonly dir: string;
  /** Deadlines that somebody else keeps; the device's own must not be shorter. */
  readonly timeouts: Pick<Timeouts, 'bootMs' | 'testMs'>;
}

/** A machine that was started. Disposing of it ends it, and nothing of it is left. */
export interface Machine extends AsyncDisposable {
  /**
   * What a reader of the report needs to do the same by hand: argv, versions, URLs. `repeats` says
   * what the same boot gives again: `bytes` (of the console) or `statuses`.
   */
  readonly facts: Readonly<Record<string, string>>;
  /** What the machine prints. Ends when the machine does. */
  readonly console: AsyncIterable<Uint8Array>;
  /** Why it ended. Never rejects. */
  readonly exited: Promise<MachineExit>;
}

/** Why a machine ended by itself, and what the program behind it said of that. */
export interface MachineExit {
  readonly reason: Extract<ExitReason, 'poweroff' | 'lost'>;
  readonly message: string;
}

/** Something that boots a kernel and gives a console: image in, console out, nothing else. */
export interface Device {
  readonly name: string;
  /** One line for `busyguest devices`. */
  readonly title: string;
  /** Facts of the payload that prove that the promised path of the kernel ran. */
  readonly promised: Promised;
  /** It boots nothing: the kernel that runs there is tested (`source: running`). */
  readonly testsRunningKernel?: true;
  /**
   * How long its firmware and its own system may print on the console before the kernel under test starts, wall
   * milliseconds; the job's boot-s comes after that. 0 where left out.
   */
  readonly firmwareMs?: number;
  /** Why it cannot run here, each with what to do; empty: it can. */
  missing(): Promise<readonly string[]>;
  /** What it needs here beside what it is made of, each with the reason; asked of one that can run. */
  found?(): Promise<readonly string[]>;
  /**
   * What a result depends on besides kernel, image and parameters; the same text, the same result.
   * Undefined where no two runs are the same: real machines.
   */
  inputs(boot: Boot): Promise<string | undefined>;
  /**
   * Boots. Throws InfraError only: what the kernel does wrong shows on the console. What it had
   * switched on when it throws is off again.
   */
  start(boot: Boot, signal: AbortSignal, watcher: Watcher, context: BootContext): Promise<Machine>;
  /** Tries everything that a job needs, in the order of a job; ends after the first failure. */
  check?(signal: AbortSignal, watcher: Watcher): AsyncGenerator<CheckStep>;
}
