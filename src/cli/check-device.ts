// SPDX-License-Identifier: MIT
import { hintFor } from '../documents/nearest.js';
import type { CheckStep, Device, Watcher } from '../devices/device.js';
import { deviceNamed, deviceNames } from '../devices/registry.js';
import { exitCode, UsageError } from '../model/errors.js';
import { interruptible } from './signals.js';

/** `busyguest devices check NAME`: tries a device step by step; what fails, and what to do. */
export async function checkDevice(name: string): Promise<number> {
  const device = deviceNamed(name);
  if (device === undefined) {
    throw new UsageError(`unknown device "${name}"; ${hintFor(name, deviceNames())}`);
  }
  return interruptible(async (signal) => {
    let ok = true;
    for await (const step of stepsOf(device, signal)) {
      ok = ok && step.ok;
      process.stdout.write(`${step.ok ? 'ok' : 'not ok'}  ${step.name}: ${step.text}\n`);
      if (step.todo !== undefined) process.stdout.write(`        ${step.todo}\n`);
    }
    return ok ? exitCode.ok : exitCode.infrastructure;
  });
}

async function* stepsOf(device: Device, signal: AbortSignal): AsyncGenerator<CheckStep> {
  const missing = await device.missing();
  yield { name: 'here', ok: missing.length === 0, text: missing.join('; ') || 'can run' };
  if (missing.length === 0 && device.check) yield* device.check(signal, onScreen);
}

const onScreen: Watcher = {
  say: (text) => process.stderr.write(`busyguest: ${text}\n`),
  firmware: () => {},
};
