// SPDX-License-Identifier: MIT
import { InfraError } from '../../model/errors.js';
import { promisedBy } from '../described/promised.js';
import type { SshDescription } from '../described/schema.js';
import type { Boot, CheckStep, Device, Machine, Watcher } from '../device.js';
import { argsFor, askMachine, machineFacts, machineFrom } from '../host-machine.js';
import { lockMachine } from '../lock-machine.js';
import { RunningKernel, testScript } from '../local/running-kernel.js';
import { trySteps } from '../check-step.js';
import { askForKexec } from '../shell/kexec.js';
import { KexecHost } from './kexec-host.js';
import { SshShell } from './ssh.js';

/** A POWER host that runs and is reached by ssh, as a device. */
export function sshDevice(name: string, description: SshDescription): Device {
  const { host, kexec } = description;
  return {
    name,
    title:
      description.title ??
      `${host} by ssh: ${kexec === false ? 'tests the kernel that runs there' : 'kexec'}`,
    promised: promisedBy(description),
    ...(kexec === false && { testsRunningKernel: true }),
    missing: () => Promise.resolve([]),
    inputs: () => Promise.resolve(undefined),
    async start(boot, signal, watcher) {
      const lock = await lockMachine(`ssh ${host}`, signal, watcher);
      const release = (): Promise<void> => Promise.resolve(lock[Symbol.asyncDispose]());
      try {
        if (kexec === false) return await startTest(description, boot, signal, release);
        return await KexecHost.start({ ...description, kexec }, boot, signal, watcher, release);
      } catch (error) {
        await release();
        throw error;
      }
    },
    check: (signal, watcher) => checkHost(description, signal, watcher),
  };
}

async function startTest(
  description: SshDescription,
  boot: Boot,
  signal: AbortSignal,
  release: () => Promise<void>,
): Promise<Machine> {
  const { program } = boot;
  if (program === undefined) throw new InfraError('boot', 'this device boots no kernels');
  const shell = new SshShell(description, signal);
  const { timeouts, host } = description;
  const made = await shell.run('mktemp /tmp/busyguest-XXXXXX', timeouts['ssh-s'] * 1000);
  const there = made.output.trim().split('\n')[0] ?? '';
  if (made.code !== 0) throw new InfraError('copy', made.output.trim());
  await shell.copy(program, there, timeouts['copy-s'] * 1000);
  await shell.run(`chmod 700 ${there}`, timeouts['ssh-s'] * 1000);
  const said = async (command: string): Promise<string> =>
    (await shell.run(command, timeouts['ssh-s'] * 1000)).output;
  const machine = machineFrom(await said(askMachine));
  const payloadArgs = await argsFor(machine, boot.payloadArgs, said);
  const argv = shell.argv(testScript(there, { ...boot, payloadArgs }, true));
  return new RunningKernel(argv, { machine: host, ...machineFacts(machine) }, release);
}

async function* checkHost(
  description: SshDescription,
  signal: AbortSignal,
  watcher: Watcher,
): AsyncGenerator<CheckStep> {
  const { host, kexec, timeouts, reset } = description;
  const lock = await lockMachine(`ssh ${host}`, signal, watcher);
  const shell = new SshShell(description, signal);
  const sshMs = timeouts['ssh-s'] * 1000;
  const steps: Record<string, () => Promise<string>> = {
    shell: async () => (await shell.run('uname -srm', sshMs)).output.trim(),
    root: async () => {
      if ((await shell.run('test "$(id -u)" = 0', sshMs)).code === 0) return 'yes';
      throw new InfraError('shell', 'this user is not root', 'use root@HOST');
    },
    kvm: async () => {
      if ((await shell.run('test -e /dev/kvm', sshMs)).code === 0) return '/dev/kvm is there';
      if (kexec !== false)
        return 'not in the running kernel; the kernels under test have their own';
      throw new InfraError('shell', 'there is no /dev/kvm', 'modprobe kvm-hv');
    },
  };
  if (kexec !== false) {
    steps['kexec'] = () => askForKexec(shell, kexec, timeouts['kexec-s'] * 1000);
    steps['reset'] = () =>
      Promise.resolve(reset ? reset.join(' ') : 'none: a kernel that hangs must be reset by hand');
  }
  try {
    yield* trySteps(steps);
  } finally {
    await lock[Symbol.asyncDispose]();
  }
}
