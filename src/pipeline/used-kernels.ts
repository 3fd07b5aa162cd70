// SPDX-License-Identifier: MIT
import type { JobMatrix, KernelSpec } from '../model/job.js';

/** The kernels that some job of the matrix boots. */
export function usedKernels(matrix: JobMatrix): KernelSpec[] {
  const used = new Set(matrix.jobs.map((job) => job.kernel.name));
  return matrix.kernels.filter((kernel) => used.has(kernel.name));
}
