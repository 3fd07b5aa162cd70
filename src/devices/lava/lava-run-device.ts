// SPDX-License-Identifier: MIT
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Artefact } from '../../labs/artefacts/artefact.js';
import { lavaDefinition } from '../../labs/lava/definition.js';
import { qemuDeviceFile } from '../../labs/lava/device-file.js';
import { digest, digestFile, writeWhole } from '../../system/files.js';
import { firstLine } from '../../system/processes.js';
import { programPath } from '../../system/program.js';
import { quoteWord } from '../../system/shell-words.js';
import type { Boot, BootContext, Device } from '../device.js';
import { lavaQemu, machineArgv, qemuCommandLine } from '../qemu/argv.js';
import { architectureNamed, lavaRunPrefix } from '../../architectures/architectures.js';
import type { QemuMachine } from '../../architectures/machine.js';
import { machineHere, qemuDevice, qemuFor } from '../qemu/qemu-device.js';
import { ownNamespaces, LavaRunMachine } from './lava-run-machine.js';

/** Where the files of a job are that lava-run reads and writes, in the job's folder. */
const folderName = 'lava-run';

/**
 * An emulated machine that LAVA's lava-run starts, without a server: the dispatcher's half of a lab.
 * Its QEMU has the same arguments as that of the machine itself.
 */
export function lavaRunDevice(machine: QemuMachine): Device {
  const local = qemuDevice(machine);
  return {
    name: `${lavaRunPrefix}${machine.name}`,
    title: `${machine.title}; started by LAVA's lava-run`,
    promised: machine.promised,
    missing: async () => [...(await whyNoLavaRun()), ...(await local.missing())],
    async inputs(boot) {
      const inputs = await local.inputs(boot);
      return inputs === undefined ? undefined : digest('lava-run', inputs);
    },
    async start(boot, signal, _watcher, context) {
      signal.throwIfAborted();
      const { binary, icount } = await qemuFor(machine);
      const here = await machineHere(machine, binary);
      const dir = join(context.dir, folderName);
      await rm(dir, { recursive: true, force: true });
      await mkdir(dir, { recursive: true });
      const [command = '', ...args] = [...binary.argv, ...machineArgv(here, boot.cpus, icount)];
      const files = { job: join(dir, 'job.yaml'), device: join(dir, 'device.yaml') };
      const definition = await definitionOf(here, boot, icount, context);
      await writeWhole(files.job, definition);
      await writeWhole(
        files.device,
        qemuDeviceFile({
          command,
          args: args.map(quoteWord),
          arch: architectureNamed(machine.architecture).lava,
        }),
      );
      const facts = {
        qemu: binary.versionText,
        accel: machine.accel,
        icount: icount ? 'yes' : 'no',
        repeats: 'statuses',
        lava_run: `lava-run --device ${folderName}/device.yaml --job-id 1 --output-dir ${folderName}/out ${folderName}/job.yaml`,
      };
      // LAVA asks the QEMU of the PATH for its version, whatever the device says.
      const path = isAbsolute(command) ? dirname(command) : undefined;
      return LavaRunMachine.start({ dir, ...files, path }, facts, signal);
    },
  };
}

let why: Promise<string[]> | undefined;

/** Why lava-run cannot run here, each with what to do; empty: it can. */
export const whyNoLavaRun = (): Promise<string[]> => (why ??= findReasons());

async function findReasons(): Promise<string[]> {
  const reasons: string[] = [];
  if (process.getuid?.() !== 0) reasons.push('lava-run works for root only: run busyguest as root');
  if ((await programPath('lava-run')) === undefined)
    reasons.push("no lava-run here: install LAVA's dispatcher (apt-get install lava-dispatcher)");
  else if (reasons.length === 0 && (await firstLine([...ownNamespaces, 'echo', 'may'])) !== 'may')
    reasons.push('no namespaces here, so lava-run could outlive us: run outside of the container');
  return reasons;
}

async function definitionOf(
  machine: QemuMachine,
  boot: Boot,
  icount: boolean,
  { timeouts }: BootContext,
): Promise<string> {
  const [kernel, initramfs] = await Promise.all([
    localFile('vmlinux', boot.kernel),
    localFile('initramfs.cpio', boot.initramfs),
  ]);
  return lavaDefinition({
    name: `busyguest ${machine.name}`,
    deviceType: 'qemu',
    machine: lavaQemu(machine, boot.cpus),
    kernel,
    initramfs,
    payload: initramfs,
    commandLine: qemuCommandLine(machine, boot, icount),
    payloadArgs: boot.payloadArgs,
    timeouts,
    priority: 'medium',
    tags: [],
    visibility: 'public',
    metadata: { busyguest_device: machine.name },
  });
}

/** A file that lava-run copies; it takes the URL's path as it stands. */
async function localFile(kind: string, path: string): Promise<Artefact> {
  const [sha256, { size }] = await Promise.all([digestFile(path), stat(path)]);
  return { kind, name: kind, url: `file://${path}`, sha256, bytes: size };
}
