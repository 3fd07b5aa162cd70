// SPDX-License-Identifier: MIT
import { InfraError } from '../../model/errors.js';
import { firstLine } from '../../system/processes.js';
import type { IpmiDescription } from '../described/schema.js';
import { promisedBy } from '../described/promised.js';
import type { Device } from '../device.js';
import { lockMachine } from '../lock-machine.js';
import { checkMachine } from './check.js';
import { IpmiMachine } from './ipmi-machine.js';

/** A machine behind a BMC as a device: power and console by IPMI, kernels by kexec from its shell. */
export function ipmiDevice(name: string, description: IpmiDescription): Device {
  const { host, port } = description.bmc;
  return {
    name,
    title: description.title ?? `machine behind the BMC ${host}`,
    promised: promisedBy(description),
    async missing() {
      const tool = await firstLine(['ipmitool', '-V']);
      return tool === undefined ? ['ipmitool is missing: install the package ipmitool'] : [];
    },
    inputs: () => Promise.resolve(undefined),
    async start(boot, signal, watcher) {
      const lock = await lockMachine(`${host}:${port}`, signal, watcher);
      const machine = await IpmiMachine.open(description, lock, signal, watcher);
      try {
        for (let tries = description.power.retries; ; tries--) {
          try {
            await machine.boot(boot);
            return machine;
          } catch (error) {
            if (!(error instanceof InfraError) || tries === 0 || error.stage === 'power')
              throw error;
            watcher.say(`${error.stage}: ${error.message}; the machine is power-cycled`);
          }
        }
      } catch (error) {
        await machine[Symbol.asyncDispose]();
        throw error;
      }
    },
    async *check(signal, watcher) {
      const lock = await lockMachine(`${host}:${port}`, signal, watcher);
      yield* checkMachine(description, lock, signal, watcher);
    },
  };
}
