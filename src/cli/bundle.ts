// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { exitCode } from '../model/errors.js';
import { makeBundle } from '../pipeline/bundle/make-bundle.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';

/** `busyguest bundle RUN/JOB`: all that is needed to boot a job again, in one file. */
export async function bundle(job: string, options: { readonly output?: string }): Promise<number> {
  const file = options.output ?? `${basename(resolve(job))}.tar.zst`;
  await interruptible((signal) => makeBundle(job, resolve(file), signal));
  const { size } = await stat(file);
  process.stdout.write(`bundle: ${file} (${(size / 1e6).toFixed(1)} MB)\n`);
  return exitCode.ok;
}

/** Options and help of `busyguest bundle`. */
export const declare: Declare = (command) =>
  command
    .argument('<job>', 'folder of a job, such as results/latest/JOB')
    .option('-o, --output <file>', 'file to write (default: JOB.tar.zst)')
    .addHelpText(
      'after',
      `
The bundle's reproduce.sh needs nothing but QEMU. "busyguest verify" also compares the results.

Example:
  busyguest bundle results/latest/unpatched-qemu-pseries-p9-busy-guest -o bug.tar.zst`,
    )
    .action(exits(bundle));
