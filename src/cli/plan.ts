// SPDX-License-Identifier: MIT
import { availableParallelism } from 'node:os';
import { deviceOf } from '../devices/registry.js';
import type { BuildPlan } from '../kernels/build.js';
import { kernelSource } from '../kernels/source.js';
import type { Step } from '../model/event.js';
import { runningKernel, type Job, type JobMatrix, type KernelSpec } from '../model/job.js';
import { buildStep, jobStep, readPastTimes } from '../pipeline/past-times.js';
import { planKernels, type Prepared } from '../pipeline/prepare.js';
import { usedKernels } from '../pipeline/used-kernels.js';
import { matrixFile, readMatrix, type MatrixOptions } from './matrix.js';
import { stopwatch } from '../reports/progress-activity.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

/** Wall times of what was never done here, on two CPUs, milliseconds. */
const guessMs = { work: 280_000, job: 3000 };

/** `busyguest plan FILE`: the jobs, what would be built, what is there already, and how long it may take. */
export async function plan(file: string, options: MatrixOptions): Promise<number> {
  const matrix = await readMatrix(await matrixFile(file), options);
  const out = (line: string): boolean => process.stdout.write(`${line}\n`);
  out(`${matrix.name}: ${matrix.jobs.length} jobs`);
  const past = await readPastTimes();
  const running = await showJobs(matrix, out);
  const builds = await showKernels(matrix, out);
  out(
    estimate([
      ...builds.map((kernel) => buildStep(kernel, false, past)),
      ...running.map((job) => jobStep(job, past)),
    ]),
  );
  return 0;
}

/** How long it may take, and how one knows. */
function estimate(steps: readonly Step[]): string {
  const parallel = availableParallelism();
  const ms = steps.reduce((sum, { kind, pastMs = guessMs[kind] }) => {
    return sum + (kind === 'work' ? pastMs : pastMs / parallel);
  }, 0);
  const builds = steps.filter(({ kind }) => kind === 'work').length;
  const unknown = steps.filter(({ pastMs }) => pastMs === undefined).length;
  const why =
    unknown === 0
      ? 'by what they took here the last time'
      : `${unknown === steps.length ? 'none' : `${steps.length - unknown}`} of them done here before; a guess for the rest`;
  return `estimate: about ${stopwatch(ms)} (${builds} builds, ${steps.length - builds} jobs; ${why})`;
}

async function showJobs(matrix: JobMatrix, out: (line: string) => void): Promise<Job[]> {
  const running: Job[] = [];
  for (const job of matrix.jobs) {
    const missing = await (await deviceOf(job)).missing();
    if (missing.length === 0) running.push(job);
    out(
      `  ${job.name}: ${missing.length === 0 ? `expect ${job.expect}` : `SKIP: ${missing.join('; ')}`}`,
    );
  }
  return running;
}

async function showKernels(matrix: JobMatrix, out: (line: string) => void): Promise<KernelSpec[]> {
  const here: KernelSpec[] = [];
  const builds: KernelSpec[] = [];
  await interruptible(async (signal) => {
    for (const kernel of usedKernels(matrix)) {
      if (kernel.packages.length > 0) {
        out(`kernel ${kernel.name}: a package, nothing to build: ${kernel.packages.join(' ')}`);
      } else if (kernel.source === runningKernel) {
        out(`kernel ${kernel.name}: the one that runs on the device`);
      } else if ((await kernelSource(kernel.source).isHere?.(signal)) === false) {
        builds.push(kernel);
        out(`kernel ${kernel.name}: to be fetched and built: ${kernel.source}`);
      } else {
        here.push(kernel);
      }
    }
    const jobs = matrix.jobs.filter((job) => here.includes(job.kernel));
    const plans = await planKernels({ ...matrix, jobs }, signal, () => {});
    for (const [name, plan] of plans)
      if (showKernel(name, plan, out) && 'key' in plan) builds.push(plan.kernel);
  });
  return builds;
}

/** Prints a kernel; true when it is to be built. */
function showKernel(
  name: string,
  plan: BuildPlan | Prepared,
  out: (line: string) => void,
): boolean {
  if (!('key' in plan)) {
    out(`kernel ${name}: cannot be built: ${'failure' in plan ? plan.failure.reason : ''}`);
    return false;
  }
  const state = plan.cached ? 'in the cache' : 'to be built';
  const config = plan.kernel.config.join(' ');
  const { toolchain, source, chosen } = plan;
  out(
    `kernel ${name}: ${state}: ${source.label}; ${chosen.note}; config ${config}; ${toolchain.versions[0] ?? ''}`,
  );
  return !plan.cached;
}

/** Options and help of `busyguest plan`. */
export const declare: Declare = (command) =>
  command
    .argument('<file>', 'job matrix: a file, or a name that "busyguest matrices" lists')
    .addOption(shared.tree)
    .addOption(shared.set)
    .addOption(shared.filter)
    .addHelpText(
      'after',
      `
Examples:
  busyguest plan pre-pull
  busyguest plan follow --set source=git+https://HOST/linux.git#master`,
    )
    .action(exits(plan));
