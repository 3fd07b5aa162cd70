// SPDX-License-Identifier: MIT
import { access, constants, readFile } from 'node:fs/promises';
import { arch, hostname } from 'node:os';
import { architectures } from '../../architectures/architectures.js';
import { InfraError } from '../../model/errors.js';
import { run } from '../../system/processes.js';
import type { Device } from '../device.js';
import { argsFor, hostMachine, machineFacts } from '../host-machine.js';
import { lockMachine } from '../lock-machine.js';
import { RunningKernel, testScript } from './running-kernel.js';

/** This computer's, where the test knows it. */
export const ownArchitecture = architectures.find(({ node }) => node === arch());

/** This computer: its running kernel is tested, nothing is booted. */
export const localDevice: Device = {
  name: 'local',
  title: 'this computer: tests the kernel that runs here, as root (source: running)',
  promised: {},
  testsRunningKernel: true,
  async missing() {
    if (ownArchitecture === undefined) return [`this computer is ${arch()}`];
    return process.getuid?.() === 0 ? missingForRoot() : missingForUser();
  },
  inputs: () => Promise.resolve(undefined),
  async start(boot, signal, watcher) {
    if (boot.program === undefined) throw new InfraError('boot', 'local boots no kernels');
    const lock = await lockMachine('local', signal, watcher);
    const machine = await hostMachine();
    const said = async (command: string): Promise<string> =>
      (await run(['sh', '-c', command], { stage: 'boot', signal, okCodes: [0, 1] })).stdout;
    const payloadArgs = await argsFor(machine, boot.payloadArgs, said);
    const script = testScript(boot.program, { ...boot, payloadArgs }, false);
    const facts = { machine: hostname(), ...machineFacts(machine) };
    return new RunningKernel(['sh', '-c', script], facts, () =>
      Promise.resolve(lock[Symbol.asyncDispose]()),
    );
  },
};

/** Each on its own: in a container root may lack one of them. */
async function missingForRoot(): Promise<string[]> {
  const controllers = await readFile('/sys/fs/cgroup/cgroup.controllers', 'utf8').catch(() => '');
  return [
    ...((await may('/dev/kvm'))
      ? []
      : [
          `there is no /dev/kvm that opens: modprobe ${ownArchitecture?.kvm.hostModules.join(' or ') ?? 'kvm'}`,
        ]),
    ...(/\bcpu\b/.test(controllers)
      ? []
      : [
          'no cpu controller of cgroup v2 in /sys/fs/cgroup: mount -t cgroup2 cgroup /sys/fs/cgroup',
        ]),
  ];
}

async function missingForUser(): Promise<string[]> {
  const lacks = [
    ...((await may('/sys/fs/cgroup/cgroup.subtree_control')) ? [] : ['make a group with a limit']),
    ...((await may('/dev/kvm')) ? [] : ['open /dev/kvm']),
    'see what the kernel logs',
  ];
  return [`this user is not root, and may not ${lacks.join(', ')}: use sudo`];
}

const may = (path: string): Promise<boolean> =>
  access(path, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
