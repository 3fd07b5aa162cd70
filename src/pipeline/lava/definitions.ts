// SPDX-License-Identifier: MIT
import { usualArchitecture } from '../../architectures/architectures.js';
import { usualImage } from '../../images/image.js';
import { compileProgram } from '../../images/payload.js';
import { findProgramToolchain } from '../../kernels/toolchain.js';
import type { Artefact } from '../../labs/artefacts/artefact.js';
import { publish, type Published } from '../../labs/artefacts/publish.js';
import type { Target } from '../../labs/artefacts/target.js';
import type { KernelciSource } from '../../labs/kernelci.js';
import { bootMethod } from '../../labs/lava/boot-methods.js';
import { lavaDefinition } from '../../labs/lava/definition.js';
import { InfraError, JobError, UsageError } from '../../model/errors.js';
import type { EventSink } from '../../model/event.js';
import type { Job, JobMatrix } from '../../model/job.js';
import { usualProgram } from '../../payload/image-recipe.js';
import { bootOf } from '../boot.js';
import {
  filesOf,
  fitsLava,
  lavaDefaults,
  lavaJob,
  type LavaFile,
  type LavaOptions,
} from './job.js';
import { prepare } from '../prepare.js';
import { isUsual, recipeOf } from '../images.js';

/** A definition and what its job fetches. */
export interface LavaDefinition {
  readonly job: Job;
  readonly text: string;
  readonly artefacts: readonly Artefact[];
}

/** Definitions and their published files. Disposing of it ends the server that has the files, if one was asked for. */
export interface LavaSet extends AsyncDisposable {
  readonly definitions: readonly LavaDefinition[];
  readonly added: number;
  /** Jobs of the matrix whose device is none of LAVA's. */
  readonly left: readonly Job[];
}

/** Builds the kernels of a matrix, publishes them and makes a LAVA job of each job. Throws JobError, InfraError, UsageError. */
export async function lavaSet(
  matrix: JobMatrix,
  options: LavaOptions,
  target: Target,
  signal: AbortSignal,
  emit: EventSink,
): Promise<LavaSet> {
  const fits = (job: Job): boolean =>
    fitsLava(job, options) && (!isRunning(options) || needsUsualImage(job));
  const left = matrix.jobs.filter((job) => !fits(job));
  const jobs = standIns(matrix.jobs.filter(fits), options);
  if (jobs.length === 0) throw new UsageError('generate: no device of this matrix is one of LAVA');
  const payload = await compileProgram(usualProgram, await findProgramToolchain(), signal);
  const boots = await bootsOf({ ...matrix, jobs }, signal, emit);
  const filesByJob = new Map(boots.map(({ job, boot }) => [job, filesOf(boot, payload.path)]));
  const used = usedFiles(options);
  const files = [...filesByJob.values()].flatMap((all) => used.map((file) => all[file]));
  const published = await publish(files, target, signal);
  const definitions = boots.map(({ job, boot }): LavaDefinition => {
    const all = filesByJob.get(job) ?? filesOf(boot, payload.path);
    const artefacts = used.map((file) => artefactOf(published, all[file].path));
    const of = (file: LavaFile): Artefact =>
      artefacts[used.indexOf(file)] ?? { kind: file, name: '', url: '', sha256: '', bytes: 0 };
    const urls = { kernel: of('kernel'), initramfs: of('initramfs'), payload: of('payload') };
    return { job, text: lavaDefinition(lavaJob(job, boot, urls, options)), artefacts };
  });
  return {
    definitions,
    added: published.added,
    left,
    [Symbol.asyncDispose]: () => published[Symbol.asyncDispose](),
  };
}

/** Only what the payload is told is of use. */
const noKernel = { image: '', initramfs: '', commandLine: [], otherImages: new Map(), facts: {} };
/** Without an image of ours there is nothing but the program in the machine. */
const needsUsualImage = (job: Job): boolean => isUsual(recipeOf(job));

/**
 * The matrix for KernelCI, which builds the kernels itself: a job for each emulated machine and test, and the
 * image published. Throws InfraError, UsageError.
 */
export async function kernelciSources(
  matrix: JobMatrix,
  target: Target,
  signal: AbortSignal,
): Promise<KernelciSource[]> {
  if (target.kind === 'server')
    throw new UsageError('generate: KernelCI needs a lasting --publish');
  const image = await usualImage(await findProgramToolchain(), signal);
  await using published = await publish(
    [{ kind: 'initramfs.cpio', path: image.initramfs }],
    target,
    signal,
  );
  const initramfs = artefactOf(published, image.initramfs);
  const sources = new Map<string, KernelciSource>();
  for (const job of matrix.jobs.filter(
    (one) => fitsLava(one, lavaDefaults) && needsUsualImage(one),
  )) {
    const boot = bootOf(job, { ...noKernel, commandLine: ['loglevel=7'] });
    const files = { kernel: initramfs, initramfs, payload: initramfs };
    const lava = lavaJob(job, boot, files, lavaDefaults);
    const { machine } = lava;
    // KernelCI's labs have no POWER workers that we know of: emulated machines only.
    if (machine.boot !== 'qemu' || machine.accel !== 'tcg') continue;
    // Its kernel is built for POWER.
    if (machine.arch !== usualArchitecture.lava) continue;
    const key = `${job.device} ${job.test.name}`;
    if (!sources.has(key)) sources.set(key, { ...lava, machine });
  }
  if (sources.size === 0) throw new UsageError('generate: no emulated machine in this matrix');
  return [...sources.values()];
}

const isRunning = ({ boot }: LavaOptions): boolean => bootMethod(boot).isRunning === true;

/** On a machine that runs its own kernel only the payload is of use. */
const usedFiles = (options: LavaOptions): readonly LavaFile[] =>
  isRunning(options) ? ['payload'] : ['kernel', 'initramfs'];

function artefactOf(published: Published, path: string): Artefact {
  const artefact = published.artefacts.get(path);
  if (artefact === undefined) throw new Error(`${path} was not published`);
  return artefact;
}

/** One machine instead of the matrix's devices: a job for each kernel and test, or each test where no kernel is booted. */
function standIns(jobs: readonly Job[], options: LavaOptions): readonly Job[] {
  if (options.boot === 'qemu') return jobs;
  const byName = new Map<string, Job>();
  for (const job of jobs) {
    const kernel = isRunning(options) ? 'running' : job.kernel.name;
    const name = `${kernel}-${options.deviceType}-${job.test.name}`;
    if (byName.has(name)) continue;
    const running = { ...job.kernel, name: kernel };
    const { test, expect, timeouts, knownFaults } = job;
    byName.set(name, {
      kernel: isRunning(options) ? running : job.kernel,
      test,
      expect: isRunning(options) ? 'PASS' : expect,
      timeouts,
      knownFaults,
      name,
      device: options.deviceType,
    });
  }
  return [...byName.values()];
}

type BootOf = ReturnType<typeof bootOf>;

async function bootsOf(
  matrix: JobMatrix,
  signal: AbortSignal,
  emit: EventSink,
): Promise<{ job: Job; boot: BootOf }[]> {
  const isBuilt = matrix.jobs.some(({ kernel }) => matrix.kernels.includes(kernel));
  if (!isBuilt) {
    // The kernel is there already; only what the payload is told is of use.
    return matrix.jobs.map((job) => ({ job, boot: bootOf(job, noKernel) }));
  }
  const prepared = await prepare(matrix, signal, emit);
  return matrix.jobs.map((job) => {
    const outcome = prepared.get(job.kernel.name);
    if (outcome === undefined) throw new Error(`kernel ${job.kernel.name} was not prepared`);
    if ('kernel' in outcome) return { job, boot: bootOf(job, outcome.kernel) };
    const { decidedBy, reason } = outcome.failure;
    const message = `kernel ${job.kernel.name} cannot be built: ${reason}`;
    throw decidedBy === 'infrastructure'
      ? new InfraError('build', message)
      : new JobError([{ message }]);
  });
}
