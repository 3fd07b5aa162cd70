// SPDX-License-Identifier: MIT
import { InfraError, InterruptedError } from '../../model/errors.js';
import { SubmissionFile } from '../../labs/lava/submission.js';
import type { LabJob } from '../../labs/lava/server.js';
import { digest } from '../../system/files.js';
import type { Boot, Device, Machine } from '../device.js';
import type { Promised } from '../../model/result.js';
import { bootStarts } from '../../labs/lava/log.js';
import type { LavaLab } from './lava-lab.js';
import { JobLog, LavaMachine } from './lava-machine.js';

/** One job of a run, as LAVA is to know it. */
export interface LabJobPlan {
  /** Name of the run and of the job; nothing else in the lab has it. */
  readonly title: string;
  /** The job's folder. */
  readonly dir: string;
  /** LAVA device type. */
  readonly type: string;
  readonly promised: Promised;
  /** How long LAVA may take from the device to power-on, wall milliseconds. */
  readonly deployMs: number;
  /** How long the machine itself may take from power-on to the kernel under test, wall milliseconds. */
  readonly firmwareMs: number;
  /** Publishes kernel and image; gives the definition for a name. */
  define(boot: Boot): Promise<(name: string) => string>;
  /**
   * What the result depends on: the definition without what differs from run to run. Undefined for a
   * real machine and for KVM: no two runs are the same.
   */
  inputs(boot: Boot): Promise<string | undefined>;
}

/** A device type of a lab as a device. */
export function lavaDevice(lab: LavaLab, plan: LabJobPlan): Device {
  return {
    name: `lava:${plan.type}`,
    title: `LAVA device type ${plan.type} at ${lab.server.rest.url}`,
    promised: plan.promised,
    firmwareMs: plan.firmwareMs,
    missing: () => lab.missing(plan.type),
    async inputs(boot) {
      const inputs = await plan.inputs(boot);
      return inputs === undefined ? undefined : digest(lab.server.rest.url, inputs);
    },
    start: (boot, signal) => start(lab, plan, boot, signal),
  };
}

async function start(
  lab: LavaLab,
  plan: LabJobPlan,
  boot: Boot,
  signal: AbortSignal,
): Promise<Machine> {
  signal.throwIfAborted();
  const define = await plan.define(boot);
  await lab.server.validate(define(plan.title));
  const submission = new SubmissionFile(lab.server, plan.dir, plan.title);
  const { id, found } = await told(lab, submission.submit(define)).catch(async (error: unknown) => {
    // It may have been heard, though nobody waited for the answer.
    if (lab.signal.aborted && submission.name !== '') await lab.cancelNamed(submission.name);
    throw error;
  });
  const url = lab.server.jobUrl(id);
  if (found) lab.use.say(`continuing with ${url}`);
  const log = new JobLog(lab, id);
  const cancelled = (): Promise<void> => submission.cancelled();
  try {
    const job = await told(lab, powerOn(lab, id, plan, log, AbortSignal.any([signal, lab.signal])));
    const facts = {
      lava_job: url,
      lava_name: submission.name,
      lava_device: job.actual_device ?? 'unknown',
    };
    return new LavaMachine(lab, id, log, facts, cancelled);
  } catch (error) {
    if (lab.states.last(id)?.state !== 'Finished') {
      await cancelled();
      await lab.cancel(id);
    }
    throw error;
  }
}

/** Waits until the job's device is about to be powered on. Throws InfraError when the lab does not get there. */
async function powerOn(
  lab: LavaLab,
  id: number,
  plan: LabJobPlan,
  log: JobLog,
  signal: AbortSignal,
): Promise<LabJob> {
  const url = lab.server.jobUrl(id);
  const submitted = Date.now();
  let running: number | undefined;
  for (;;) {
    const job = await lab.states.next(id, signal);
    const waiting = job.state === 'Submitted' || job.state.startsWith('Schedul');
    if (!waiting) {
      running ??= Date.now();
      const lines = await log.peek();
      const booted = lines.some(
        ({ level, message }) => level === 'target' || bootStarts.test(String(message)),
      );
      if (booted) return job;
      if (job.state === 'Finished') throw await notBooted(lab, job);
      const deserted = log.fellSilent() ? await lab.deserted(id) : undefined;
      if (deserted !== undefined) throw new InfraError('lava', `${url}: ${deserted}`);
    }
    const [what, sinceMs, limitMs] =
      running === undefined
        ? (['no device took the job', submitted, lab.use.queueMs] as const)
        : (['the boot did not begin', running, plan.deployMs] as const);
    if (Date.now() - sinceMs > limitMs) {
      throw new InfraError('lava', `${url}: ${what} within ${limitMs / 1000} s; cancelled`);
    }
  }
}

async function notBooted(lab: LavaLab, job: LabJob): Promise<InfraError> {
  const url = lab.server.jobUrl(job.id);
  if (job.health === 'Canceled')
    return new InfraError('lava', `${url}: somebody cancelled the job`);
  const { message = 'no message' } = await lab.server.ending(job.id);
  return new InfraError('lava', `${url}: ended before the machine was started: ${message}`);
}

/** Says what stopped a wait: Ctrl-C, or the run's own deadline. */
async function told<T>(lab: LavaLab, wait: Promise<T>): Promise<T> {
  try {
    return await wait;
  } catch (error) {
    if (lab.over) throw new InfraError('lava', "the run's own deadline has passed");
    if (lab.signal.aborted) throw new InterruptedError('lava: interrupted');
    throw error;
  }
}
