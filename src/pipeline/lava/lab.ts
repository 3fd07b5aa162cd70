// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import type { Boot, Device } from '../../devices/device.js';
import { lavaDevice, type LabJobPlan } from '../../devices/lava/lava-device.js';
import { LavaLab } from '../../devices/lava/lava-lab.js';
import { qemuMachineOf } from '../../devices/registry.js';
import type { Artefact } from '../../labs/artefacts/artefact.js';
import { publish, type ArtefactFile, type Published } from '../../labs/artefacts/publish.js';
import type { Target } from '../../labs/artefacts/target.js';
import { bootMethod } from '../../labs/lava/boot-methods.js';
import { lavaDefinition } from '../../labs/lava/definition.js';
import type { LavaIdentity } from '../../labs/lava/identity.js';
import type { EventSink } from '../../model/event.js';
import { InfraError } from '../../model/errors.js';
import type { Job } from '../../model/job.js';
import { addressTowards } from '../../system/address.js';
import { readIfThere, writeWhole } from '../../system/files.js';
import { filesOf, lavaJob, type LavaOptions } from './job.js';
import type { Lab } from '../lab.js';

/** How a run uses a LAVA lab. */
export interface LavaRunOptions extends LavaOptions {
  readonly identity: LavaIdentity;
  /** Tells this run from any other of the lab's users. */
  readonly runId: string;
  /** Where artefacts are put; undefined: this process serves them at the address that leads to the lab. */
  readonly publish?: Target;
  readonly queueMs: number;
  readonly runMs?: number;
}

/** The jobs of a run in a LAVA lab. Disposing of it ends the web server, where this process is it. */
export class LavaRunLab implements Lab {
  private readonly lab: LavaLab;
  private published: Published | undefined;

  /** @param dir folder of the run */
  constructor(
    private readonly options: LavaRunOptions,
    private readonly dir: string,
    signal: AbortSignal,
    emit: EventSink,
  ) {
    const { identity, tags, queueMs, runMs } = options;
    const say = (text: string): void => emit({ kind: 'note', text });
    const use = { identity, tags, queueMs, say, ...(runMs !== undefined && { runMs }) };
    this.lab = new LavaLab(use, signal);
  }

  async check(): Promise<void> {
    await this.lab.check();
  }

  async publish(boots: readonly Boot[], signal: AbortSignal): Promise<void> {
    const files = boots.flatMap((boot) => fetchedFiles(boot));
    const target = this.options.publish ?? (await this.ownAddress());
    this.published = await publish(files, target, signal);
    if (target.kind !== 'server') return;
    // Jobs that are already submitted fetch from this port, also when the run is resumed later.
    const [one] = this.published.artefacts.values();
    if (one) await writeWhole(join(this.dir, 'artefact-port'), new URL(one.url).port);
  }

  deviceOf(job: Job, dir: string): Device {
    const machine = qemuMachineOf(job);
    const isReal = this.options.boot !== 'qemu' || machine?.accel === 'kvm';
    const { deployMs, firmwareMs } = bootMethod(this.options.boot);
    const plan: LabJobPlan = {
      title: `busyguest ${basename(this.dir)} ${this.options.runId} ${job.name}`,
      dir,
      type: this.options.deviceType,
      promised: machine?.promised ?? {},
      deployMs,
      firmwareMs,
      define: (boot) => this.define(job, boot, (artefact) => artefact),
      inputs: async (boot) =>
        isReal
          ? undefined
          : // The same files at another address are the same job.
            (await this.define(job, boot, (artefact) => ({ ...artefact, url: artefact.name })))(''),
    };
    return lavaDevice(this.lab, plan);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.lab.close();
    await this.published?.[Symbol.asyncDispose]();
  }

  private define(
    job: Job,
    boot: Boot,
    shown: (artefact: Artefact) => Artefact,
  ): Promise<(name: string) => string> {
    const artefactOf = (path: string): Artefact => {
      const artefact = this.published?.artefacts.get(path);
      if (artefact === undefined) throw new InfraError('publish', `${path} was not published`);
      return shown(artefact);
    };
    const kernel = artefactOf(boot.kernel);
    const initramfs = artefactOf(boot.initramfs);
    // The payload alone is for machines that are not booted.
    const artefacts = { kernel, initramfs, payload: initramfs };
    const definition = lavaJob(job, boot, artefacts, this.options);
    return Promise.resolve((name) => lavaDefinition({ ...definition, name }));
  }

  private async ownAddress(): Promise<Target> {
    const port = Number(await readIfThere(join(this.dir, 'artefact-port'))) || 0;
    const lab = new URL(this.options.identity.url).hostname.replace(/^\[|\]$/g, '');
    const host = await addressTowards(lab, 'publish', 'say where the files are put: --publish');
    return { kind: 'server', host, port };
  }
}

function fetchedFiles(boot: Boot): ArtefactFile[] {
  const { kernel, initramfs } = filesOf(boot, '');
  return [kernel, initramfs];
}
