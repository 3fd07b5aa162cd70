// SPDX-License-Identifier: MIT
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../../model/errors.js';
import { withScratch } from '../../system/scratch.js';
import type { IpmiDescription } from '../described/schema.js';
import type { CheckStep, Watcher } from '../device.js';
import type { ConsoleShell } from '../shell/console-shell.js';
import { trySteps } from '../check-step.js';
import { askForKexec } from '../shell/kexec.js';
import { IpmiMachine } from './ipmi-machine.js';

/** Tries everything that a job needs of a machine behind a BMC, and leaves it off. Frees the lock. */
export async function* checkMachine(
  description: IpmiDescription,
  lock: AsyncDisposable,
  signal: AbortSignal,
  watcher: Watcher,
): AsyncGenerator<CheckStep> {
  let machine: IpmiMachine | undefined;
  let shell: ConsoleShell | undefined;
  const steps: Readonly<Record<string, () => Promise<string>>> = {
    async password() {
      machine = await IpmiMachine.open(description, lock, signal, watcher);
      return 'read';
    },
    async power() {
      return `the machine is ${(await machine?.isOn()) ? 'on' : 'off'}`;
    },
    async console() {
      await machine?.openConsole();
      return 'SOL is open';
    },
    async shell() {
      shell = await machine?.reachShell();
      return 'answers';
    },
    fetch: async () => (machine && shell ? tryFetch(machine, shell, description) : 'no shell'),
    kexec: async () =>
      shell
        ? askForKexec(shell, description.kexec, description.timeouts['kexec-s'] * 1000)
        : 'no shell',
  };
  try {
    yield* trySteps(steps);
  } finally {
    await machine?.[Symbol.asyncDispose]();
  }
}

async function tryFetch(
  machine: IpmiMachine,
  shell: ConsoleShell,
  { kexec, timeouts }: IpmiDescription,
): Promise<string> {
  const text = 'busyguest';
  const there = `${kexec.folder}/busyguest-check`;
  return withScratch('check', async (dir) => {
    await writeFile(join(dir, 'file'), text);
    await machine.serving(shell, (bring) => bring(join(dir, 'file'), there));
    const compare = `test "$(cat ${there})" = ${text} && rm ${there}`;
    const { code } = await shell.run(compare, timeouts['fetch-s'] * 1000);
    if (code === 0) return 'a file came over';
    throw new InfraError('fetch', 'another file came over', 'is there a proxy on the way?');
  });
}
