// SPDX-License-Identifier: MIT
import { arch, hostname } from 'node:os';
import { InfraError } from '../../model/errors.js';
import { exists } from '../../system/files.js';
import type { Device } from '../device.js';
import { lockMachine } from '../lock-machine.js';
import { RunningKernel, testScript } from './running-kernel.js';

/** This computer, a POWER host: its running kernel is tested, nothing is booted. */
export const localDevice: Device = {
  name: 'local',
  title: 'this computer: tests the kernel that runs here, as root (source: running)',
  promised: {},
  testsRunningKernel: true,
  async missing() {
    if (arch() !== 'ppc64') return [`this computer is ${arch()}, not POWER`];
    if (process.getuid?.() !== 0)
      return ['only root can limit a group and see its faults: use sudo'];
    return (await exists('/dev/kvm')) ? [] : ['there is no /dev/kvm: modprobe kvm-hv'];
  },
  inputs: () => Promise.resolve(undefined),
  async start(boot, signal, watcher) {
    if (boot.program === undefined) throw new InfraError('boot', 'local boots no kernels');
    const lock = await lockMachine('local', signal, watcher);
    const script = testScript(boot.program, boot, false);
    return new RunningKernel(['sh', '-c', script], { machine: hostname() }, () =>
      Promise.resolve(lock[Symbol.asyncDispose]()),
    );
  },
};
