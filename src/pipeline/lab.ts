// SPDX-License-Identifier: MIT
import type { Boot, Device } from '../devices/device.js';
import type { Job } from '../model/job.js';

/** Where the jobs of a run are booted, when not on this machine. */
export interface Lab extends AsyncDisposable {
  /** Fails before anything is built where nothing could run. Throws InfraError. */
  check(): Promise<void>;
  /** Puts kernels and images where the machines can get them. Called once, before the first job. */
  publish(boots: readonly Boot[], signal: AbortSignal): Promise<void>;
  /** @param dir folder of the job */
  deviceOf(job: Job, dir: string): Device;
}
