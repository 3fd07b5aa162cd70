// SPDX-License-Identifier: MIT
import { exitCode } from '../model/errors.js';

/**
 * As long as an interrupted command may go on to end in good order, milliseconds. What is left then waits for the next
 * one. A process of this size takes longer than that to go on a computer that is busy elsewhere, and all has to be over in 2 s.
 */
const endsWithinMs = 500;

/**
 * Runs `work` with a signal that fires on Ctrl-C, SIGTERM or SIGHUP. After that busyguest ends soon, or at once with
 * the second Ctrl-C; whatever it started dies with it.
 * @param resume the command that goes on with what is left; its line is the last that is printed
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  resume: () => string | undefined = () => undefined,
): Promise<T> {
  const controller = new AbortController();
  let count = 0;
  const end = (): never => process.exit(exitCode.interrupted);
  const onSignal = (name: NodeJS.Signals): void => {
    count++;
    if (count > 1) end();
    controller.abort();
    process.stderr.write(`\nbusyguest: ${name}: ending the machines, keeping what is finished\n`);
    process.once('exit', () => sayResume(resume()));
    // Builds are taken down and pages made until then; all of that can be done again.
    setTimeout(end, endsWithinMs).unref();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}

/** Ends with the code of an interruption also between the parts of a command that are interruptible() each. */
export function interruptibleBetween(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      // Where there is another listener, a part is running, and it ends in good order.
      if (process.listenerCount(name) === 1) process.exit(exitCode.interrupted);
    });
  }
}

function sayResume(command: string | undefined): void {
  if (command !== undefined) process.stderr.write(`busyguest: to go on: ${command}\n`);
}
