// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { caged, type Cage, type CagedProgram } from '../../system/cage.js';
import { digest, isInCache } from '../../system/files.js';
import { dieWithParent, killGroup } from '../../system/processes.js';
import { quoteWord } from '../../system/shell-words.js';
import { InfraError } from '../../model/errors.js';
import type { Boot, Device, Machine, MachineExit } from '../device.js';
import { canCount, whyNot } from './abilities.js';
import { ownSandbox } from './own-sandbox.js';
import { qemuArgv } from './argv.js';
import { findQemu, qemuDigest, type QemuBinary } from './binary.js';
import { kvmProof } from './kvm-proof.js';
import type { Architecture } from '../../architectures/architecture.js';
import {
  architectureNamed,
  doctorFor,
  usualArchitecture,
} from '../../architectures/architectures.js';
import type { Flag, QemuMachine } from '../../architectures/machine.js';
import { qemuCage } from './qemu-cage.js';
import { stillClock, type StillClock } from './still-clock.js';

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Why there is no QEMU. */
function missing(architecture: Architecture): string {
  const { program, variable } = architecture.qemu;
  const asked = process.env[variable];
  if (asked)
    return `${variable} is ${asked}, which does not run here ("${asked} --version" says why)`;
  const fetches =
    architecture === usualArchitecture
      ? ''
      : `, or "busyguest devices --fetch-qemu --arch ${architecture.name}", which installs nothing`;
  return `no ${program} here: run "busyguest ${doctorFor(architecture)}" for the line that installs it${fetches}`;
}

const found = new Map<string, Promise<QemuBinary | undefined>>();
const digested = new Map<string, Promise<string>>();

function theQemu(architecture: Architecture): Promise<QemuBinary | undefined> {
  const known = found.get(architecture.name) ?? findQemu(architecture);
  found.set(architecture.name, known);
  return known;
}

function digestOf(binary: QemuBinary, architecture: Architecture): Promise<string> {
  const known = digested.get(architecture.name) ?? qemuDigest(binary, architecture);
  digested.set(architecture.name, known);
  return known;
}

/** The QEMU for a machine, and whether it counts instructions there. Throws InfraError if there is none. */
export async function qemuFor(
  machine: QemuMachine,
): Promise<{ readonly binary: QemuBinary; readonly icount: boolean }> {
  const architecture = architectureNamed(machine.architecture);
  const binary = await theQemu(architecture);
  if (binary === undefined) throw new InfraError('boot', missing(architecture));
  return { binary, icount: canCount(machine, binary) };
}

const foundFlag = ({ flag, why }: Flag): string => `${flag}: ${why}`;

/** A machine as this host's QEMU and KVM take it. */
export async function machineHere(machine: QemuMachine, binary: QemuBinary): Promise<QemuMachine> {
  return machine.accel === 'kvm' ? (await kvmProof(machine, binary)).machine : machine;
}

/** How QEMU is called for a boot. */
interface Called {
  readonly binary: QemuBinary;
  readonly args: readonly string[];
  readonly icount: boolean;
  readonly clock: StillClock | undefined;
}

/** An emulated machine as a device. */
export function qemuDevice(machine: QemuMachine): Device {
  const architecture = architectureNamed(machine.architecture);
  const argvFor = async (boot: Boot): Promise<Called> => {
    const { binary, icount } = await qemuFor(machine);
    const clock = icount ? await stillClock() : undefined;
    return {
      binary,
      icount,
      clock,
      args: qemuArgv(await machineHere(machine, binary), boot, icount),
    };
  };
  return {
    name: machine.name,
    title: machine.title,
    promised: machine.promised,
    async missing() {
      const binary = await theQemu(architecture);
      return binary === undefined ? [missing(architecture)] : whyNot(machine, binary);
    },
    async found() {
      const binary = machine.accel === 'kvm' ? await theQemu(architecture) : undefined;
      return binary === undefined ? [] : (await kvmProof(machine, binary)).added.map(foundFlag);
    },
    async inputs(boot) {
      // KVM runs in the time of a real machine, whatever else that machine does.
      if (machine.accel === 'kvm') return undefined;
      const { binary, args, clock } = await argvFor({ ...boot, kernel: '', initramfs: '' });
      return digest(await digestOf(binary, architecture), clock?.key ?? '', ...args);
    },
    async start(boot, signal) {
      signal.throwIfAborted();
      const called = await argvFor(boot);
      const { binary, args, icount, clock } = called;
      const facts = {
        qemu: binary.versionText,
        qemu_argv: [...binary.argv, ...args].map(quoteWord).join(' '),
        accel: machine.accel,
        icount: icount ? 'yes' : 'no',
        repeats: clock && machine.sameBytes ? 'bytes' : 'statuses',
      };
      const argv = [...binary.argv, ...args, ...(await ownSandbox(binary))];
      const cage = cageOf(machine, boot, called);
      return new QemuProcess(await caged(throughPipe(argv, clock), cage), facts);
    },
  };
}

/**
 * A UART of powernv hands out one byte at a time, and waits when it cannot: then the run depends on
 * how fast we read. Node.js connects programs by sockets, which take a few hundred such bytes; a
 * pipe takes 64 KiB. Each process dies with the one before it.
 */
function throughPipe(argv: readonly string[], clock: StillClock | undefined): string[] {
  const still = clock === undefined ? '' : `env LD_PRELOAD=${quoteWord(clock.path)}`;
  const script = `${dieWithParent.join(' ')} ${still} "$@" | cat`;
  return ['bash', '-o', 'pipefail', '-c', script, 'busyguest', ...argv];
}

function cageOf(machine: QemuMachine, boot: Boot, { binary, clock }: Called): Cage {
  const cage = qemuCage(machine, binary);
  return {
    ...cage,
    reads: [...(cage.reads ?? []), boot.kernel, boot.initramfs, ...(clock ? [clock.path] : [])],
    // What is in the cache was built, or unpacked, because it may run; anything else came in a bundle.
    trusted: isInCache(boot.kernel),
  };
}

/** A running QEMU. It dies with busyguest, whatever ends that. */
class QemuProcess implements Machine {
  readonly console: AsyncIterable<Uint8Array>;
  readonly exited: Promise<MachineExit>;
  private readonly child: Child;

  constructor(
    { argv, env }: CagedProgram,
    readonly facts: Readonly<Record<string, string>>,
  ) {
    const [program = '', ...args] = argv;
    this.child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env,
    });
    this.console = this.child.stdout;
    this.exited = watch(this.child);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    killGroup(this.child.pid);
    this.child.stdout.destroy();
    await this.exited;
  }
}

function watch(child: Child): Promise<MachineExit> {
  let stderr = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (stderr = (stderr + text).slice(-2000)));
  return new Promise((resolve) => {
    const lost = (message: string): void => resolve({ reason: 'lost', message });
    child.once('error', (error) => lost(`QEMU did not start: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (code === 0) resolve({ reason: 'poweroff', message: 'QEMU ended' });
      else
        lost(
          `QEMU ended with ${signal ?? `exit code ${code}`}: ${stderr.trim().split('\n').at(-1) ?? ''}`,
        );
    });
  });
}
