// SPDX-License-Identifier: MIT
import { kernelId, type JobMatrix, type KernelSpec } from '../model/job.js';

/** The kernels that some job of the matrix boots, in its order; one more than once where it is built more than once. */
export function usedKernels(matrix: JobMatrix): KernelSpec[] {
  const used = new Map(matrix.jobs.map(({ kernel }) => [kernelId(kernel), kernel]));
  return matrix.kernels.flatMap(({ name }) =>
    [...used.values()].filter((one) => one.name === name),
  );
}
