// SPDX-License-Identifier: MIT
import { InfraError } from '../model/errors.js';
import type { CheckStep } from './device.js';

/** One step of `busyguest devices check`; what went wrong is its text. */
export async function tryStep(name: string, attempt: () => Promise<string>): Promise<CheckStep> {
  try {
    return { name, ok: true, text: await attempt() };
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    const text = [error.message, ...error.logTail.map((line) => `    ${line}`)].join('\n');
    return { name, ok: false, text, todo: error.todo };
  }
}
