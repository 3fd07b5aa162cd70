// SPDX-License-Identifier: MIT

/** How one kind of fault looks on a console. Tried in the table's order; the first that matches is it. */
export interface FaultPattern {
  readonly class: string;
  /** File that prints it: of the kernel (7.2, unless it says otherwise), of skiboot, SLOF or QEMU. */
  readonly source: string;
  /** Matched against the line without printk's prefix and leading blanks. */
  readonly pattern: RegExp;
  /** `$1`... are the pattern's groups; `clean` in title.ts then removes what differs between runs. */
  readonly title: string;
  /** Lines kept from this one on; `defaultLines` if absent. */
  readonly lines?: number;
  /** Open faults of these classes take the line in; it begins a fault of its own only if there is none. */
  readonly joins?: readonly string[];
  /** Name the function at the fault's program counter in the title. */
  readonly atProgramCounter?: true;
  /** The machine stops after it. */
  readonly fatal?: true;
}

/** Class of the fault that is the machine's: right and wrong kernels hang alike. */
export const timerLost = 'timer-lost';

/** Lines of the log that a fault keeps, its first one included. */
export const defaultLines = 40;
