// SPDX-License-Identifier: MIT

/**
 * Runs `work` with a signal that fires on Ctrl-C, SIGTERM or SIGHUP. The second Ctrl-C ends
 * busyguest at once; whatever it started dies with it.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let count = 0;
  const onSignal = (name: NodeJS.Signals): void => {
    count++;
    if (count > 1) process.exit(130);
    controller.abort();
    process.stderr.write(`\nbusyguest: ${name}: ending the machines, keeping what is finished\n`);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    for (const name of signals) process.off(name, onSignal);
  }
}
