// SPDX-License-Identifier: MIT
import { deviceOf } from '../devices/registry.js';
import type { BuildPlan } from '../kernels/build.js';
import { kernelSource } from '../kernels/source.js';
import { runningKernel, type JobMatrix, type KernelSpec } from '../model/job.js';
import { planKernels, type Prepared } from '../pipeline/prepare.js';
import { usedKernels } from '../pipeline/used-kernels.js';
import { readMatrix, type MatrixOptions } from './matrix.js';
import { interruptible } from './signals.js';

/** Rough wall times of the two things that take time, on two CPUs, seconds. */
const estimateS = { build: 280, job: 1.5 };

/** `busyguest plan FILE`: the jobs, what would be built, what is there already, and how long it may take. */
export async function plan(file: string, options: MatrixOptions): Promise<number> {
  const matrix = await readMatrix(file, options);
  const out = (line: string): boolean => process.stdout.write(`${line}\n`);
  out(`${matrix.name}: ${matrix.jobs.length} jobs`);
  const running = await showJobs(matrix, out);
  const builds = await showKernels(matrix, out);
  const seconds = Math.round(builds * estimateS.build + running * estimateS.job);
  out(`estimate: about ${seconds} s (${builds} builds, ${running} jobs on two CPUs)`);
  return 0;
}

async function showJobs(matrix: JobMatrix, out: (line: string) => void): Promise<number> {
  let running = 0;
  for (const job of matrix.jobs) {
    const missing = await (await deviceOf(job)).missing();
    if (missing.length === 0) running++;
    out(
      `  ${job.name}: ${missing.length === 0 ? `expect ${job.expect}` : `SKIP: ${missing.join('; ')}`}`,
    );
  }
  return running;
}

async function showKernels(matrix: JobMatrix, out: (line: string) => void): Promise<number> {
  const here: KernelSpec[] = [];
  let builds = 0;
  await interruptible(async (signal) => {
    for (const kernel of usedKernels(matrix)) {
      if (kernel.packages.length > 0) {
        out(`kernel ${kernel.name}: a package, nothing to build: ${kernel.packages.join(' ')}`);
      } else if (kernel.source === runningKernel) {
        out(`kernel ${kernel.name}: the one that runs on the device`);
      } else if ((await kernelSource(kernel.source).isHere?.(signal)) === false) {
        builds++;
        out(`kernel ${kernel.name}: to be fetched and built: ${kernel.source}`);
      } else {
        here.push(kernel);
      }
    }
    const jobs = matrix.jobs.filter((job) => here.includes(job.kernel));
    const plans = await planKernels({ ...matrix, jobs }, signal, () => {});
    for (const [name, plan] of plans) builds += showKernel(name, plan, out);
  });
  return builds;
}

/** Prints a kernel; 1 when it is to be built. */
function showKernel(name: string, plan: BuildPlan | Prepared, out: (line: string) => void): number {
  if (!('key' in plan)) {
    out(`kernel ${name}: cannot be built: ${'failure' in plan ? plan.failure.reason : ''}`);
    return 0;
  }
  const state = plan.cached ? 'in the cache' : 'to be built';
  const config = plan.kernel.config.join(' ');
  const { toolchain, source, chosen } = plan;
  out(
    `kernel ${name}: ${state}: ${source.label}; ${chosen.note}; config ${config}; ${toolchain.versions[0] ?? ''}`,
  );
  return plan.cached ? 0 : 1;
}
