// SPDX-License-Identifier: MIT
import { InfraError } from '../model/errors.js';
import type { CheckStep } from './device.js';

/** The steps of `busyguest devices check` in their order, until one fails; what went wrong is its text. */
export async function* trySteps(
  steps: Readonly<Record<string, () => Promise<string>>>,
): AsyncGenerator<CheckStep> {
  for (const [name, attempt] of Object.entries(steps)) {
    const step = await tryStep(name, attempt);
    yield step;
    if (!step.ok) return;
  }
}

async function tryStep(name: string, attempt: () => Promise<string>): Promise<CheckStep> {
  try {
    return { name, ok: true, text: await attempt() };
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    const text = [error.message, ...error.logTail.map((line) => `    ${line}`)].join('\n');
    return { name, ok: false, text, todo: error.todo };
  }
}
