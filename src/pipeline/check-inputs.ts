// SPDX-License-Identifier: MIT
import { withNearestFile } from '../documents/nearest-file.js';
import { readConfigs } from '../kernels/config.js';
import { readSeries } from '../kernels/read-series.js';
import { kernelSource } from '../kernels/source.js';
import { JobError, type Problem } from '../model/errors.js';
import { runningKernel, type FixSpec, type JobMatrix, type KernelSpec } from '../model/job.js';
import { debianName } from '../model/source-ref.js';
import { exists } from '../system/files.js';
import { usedKernels } from './used-kernels.js';

/**
 * Looks whether what a job matrix names is on this disk: trees and their refs, patches, configs, packages. What has to
 * be fetched is not looked at. Throws JobError with all that is missing, each once.
 */
export async function checkInputs(matrix: JobMatrix, signal: AbortSignal): Promise<void> {
  const problems = new Map<string, Problem>();
  for (const kernel of usedKernels(matrix)) {
    for (const look of looksOf(kernel, matrix.fix, signal)) {
      try {
        await look();
      } catch (error) {
        if (!(error instanceof JobError)) throw error;
        for (const problem of error.problems) problems.set(problem.message, problem);
      }
    }
  }
  if (problems.size > 0) throw new JobError([...problems.values()]);
}

type Look = () => Promise<unknown>;

function looksOf(kernel: KernelSpec, fix: FixSpec | undefined, signal: AbortSignal): Look[] {
  const { source, packages, patches } = kernel;
  if (packages.length > 0) {
    const files = packages.filter((one) => debianName(one) === undefined);
    return files.map((file) => () => assertThere(file));
  }
  if (source === runningKernel) return [];
  const fixes = kernel.fix === undefined || !fix ? [] : [fix.add, ...fix.remove];
  return [
    async () => kernelSource(source).check?.(signal),
    ...[...patches, ...fixes].map((path) => () => readSeries(path, signal)),
    () => readConfigs(kernel),
  ];
}

async function assertThere(file: string): Promise<void> {
  if (await exists(file)) return;
  throw new JobError([{ message: await withNearestFile(file, `${file}: no such file`) }]);
}
