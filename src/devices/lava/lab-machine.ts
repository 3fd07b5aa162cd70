// SPDX-License-Identifier: MIT
import type { LabRow } from '../../labs/lava/record.js';
import type { ExitReason } from '../../model/result.js';
import type { Machine } from '../device.js';

/** A machine of a lab, which keeps records of its own. */
export interface LabMachine extends Machine {
  /** How much later than the machine prints it, its console may come, milliseconds. */
  readonly lagMs: number;
  /** The lab failed, not the machine: nothing is known about the kernel. Final once the machine has ended. */
  readonly labFailed: boolean;
  /** Waits until the lab's records are complete, and gives them. */
  record(reason: ExitReason): Promise<LabRecord>;
}

/** What a lab knows of a machine besides its console. */
export interface LabRecord {
  /** Absent where the lab did not get to the end of the job. */
  readonly rows?: readonly LabRow[];
  /** What the lab says of the end. */
  readonly message?: string;
}

/** Tells a lab's machine from one of our own. */
export const isLabMachine = (machine: Machine): machine is LabMachine => 'record' in machine;
