// SPDX-License-Identifier: MIT
import { deviceOf } from '../devices/registry.js';
import type { JobMatrix } from '../model/job.js';
import { planKernels } from '../pipeline/prepare.js';
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
  const plans = await interruptible((signal) =>
    planKernels(matrix, signal, (text) => process.stderr.write(`busyguest: ${text}\n`)),
  );
  let builds = 0;
  for (const [name, kernel] of plans) {
    if (!('key' in kernel)) {
      out(`kernel ${name}: cannot be built: ${'failure' in kernel ? kernel.failure.reason : ''}`);
      continue;
    }
    if (!kernel.cached) builds++;
    const state = kernel.cached ? 'in the cache' : 'to be built';
    out(
      `kernel ${name}: ${state}: ${kernel.source.label}; ${kernel.chosen.note}; config ${kernel.kernel.config.join(' ')}`,
    );
  }
  return builds;
}
