// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { kernelSource } from '../kernels/source.js';
import { InfraError, InterruptedError, JobError, reportOf, UsageError } from '../model/errors.js';
import { exits, type Declare } from './command.js';
import { night } from './night.js';
import {
  addNightOptions,
  checkNightOptions,
  nightHelp,
  sourceOf,
  type NightOptions,
} from './night-options.js';
import { interruptible, interruptibleBetween } from './signals.js';

interface Options extends NightOptions {
  readonly every: string;
}

const say = (text: string): void => void process.stderr.write(`busyguest: ${text}\n`);

/** `busyguest watch`: a night for each new tip of a branch, until it is interrupted. */
async function watch(options: Options): Promise<number> {
  await checkNightOptions(options);
  const everyMs = parseEvery(options.every);
  interruptibleBetween();
  let tested = '';
  for (;;) {
    // A name that is wrong from the beginning stays wrong; a branch that is gone may come back.
    const tip = await tipOf(options.tree, tested !== '');
    if (tip !== undefined && tip !== tested) {
      say(`${options.tree} is at ${tip}`);
      const code = await nightOf(options);
      if (code === 130) return code;
      tested = tip;
    }
    await interruptible((signal) => sleep(everyMs, undefined, { signal }));
  }
}

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds, a day at most. Throws UsageError. */
function parseEvery(text: string): number {
  const [, number, unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  const ms = Number(number) * (unitMs[unit] ?? NaN);
  if (ms > 0 && ms <= 86_400_000) return ms;
  throw new UsageError(`--every ${text}: a time is needed, such as 15m, 30s or 2h`);
}

/** What a night throws is said, and not the end: the next tip may be another case. */
async function nightOf(options: NightOptions): Promise<number> {
  try {
    return await night(options);
  } catch (error) {
    if (error instanceof InterruptedError || (error as Error).name === 'AbortError') throw error;
    say(reportOf(error));
    return 69;
  }
}

/** The commit or version that is there now; undefined where nobody can be asked. */
async function tipOf(tree: string, patient: boolean): Promise<string | undefined> {
  try {
    const source = kernelSource(sourceOf(tree));
    const { facts, id } = await interruptible((signal) => source.pin(signal, say));
    return facts?.['git_commit'] ?? id;
  } catch (error) {
    if (!(error instanceof InfraError || (patient && error instanceof JobError))) throw error;
    say(`${reportOf(error)}\nbusyguest: trying again later`);
    return undefined;
  }
}

/** Options and help of `busyguest watch`. */
export const declare: Declare = (command) =>
  addNightOptions(command)
    .option('--every <time>', 'time between two looks at the branch, such as 30s or 2h', '15m')
    .addHelpText(
      'after',
      `
It tests the tip of the branch, and then each new tip, until it is interrupted.
${nightHelp}

Example:
  busyguest watch --tree https://HOST/linux.git#master --mail-to me@example.org`,
    )
    .action(exits(watch));
