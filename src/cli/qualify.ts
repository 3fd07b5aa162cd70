// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { hvDevices } from '../jobs/generators/generator.js';
import { qualify as qualifyMatrix } from '../jobs/generators/qualify.js';
import { UsageError } from '../model/errors.js';
import { exists } from '../system/files.js';
import { exitCodeOf } from '../verdict/exit.js';
import { checkDevices } from './commit-test.js';
import { deviceList } from './device-list.js';
import { begin, execute, type RunFlags } from './execute.js';
import { showRun } from './show.js';
import { exits, type Declare } from './command.js';
import { shared, addRunOptions, everyPath } from './shared-options.js';

interface Options extends RunFlags {
  readonly device?: readonly string[];
  readonly seconds: string;
  readonly json: boolean;
}

/**
 * The kernels in the order given: each `debian:` name is one, and each `FILE,FILE`. Files without commas are one kernel
 * together.
 */
export function kernelsOf(given: readonly string[]): readonly (readonly string[])[] {
  const isName = (one: string): boolean => one.startsWith('debian:');
  const loose = given.filter((one) => !isName(one) && !one.includes(','));
  return given.flatMap((one) => {
    if (isName(one)) return [[one]];
    const files = one.includes(',') ? one.split(',').filter(Boolean) : loose;
    return files === loose && one !== loose[0] ? [] : [files.map((file) => resolve(file))];
  });
}

/** `busyguest qualify NAME|FILE...`: does a distribution's kernel keep the limit? */
export async function qualify(given: readonly string[], options: Options): Promise<number> {
  const packages = kernelsOf(given);
  for (const file of packages.flat().filter((one) => !one.startsWith('debian:'))) {
    if (!(await exists(file))) throw new UsageError(`${file}: no such file`);
  }
  const devices = options.device === undefined ? hvDevices : deviceList(options.device);
  await checkDevices(devices);
  const seconds = Number(options.seconds);
  const matrix = qualifyMatrix({ packages, devices, seconds });
  // JSON is YAML: the same reader checks it as a job matrix.
  const text = JSON.stringify(matrix, undefined, 2);
  const start = await begin('qualify.yaml', text, {}, options.results);
  const result = await execute(start, options);
  await showRun(result, start.dir, options);
  return exitCodeOf(result);
}

/** Options and help of `busyguest qualify`. */
export const declare: Declare = (command) =>
  addRunOptions(
    command
      .argument(
        '<kernel...>',
        'debian:PACKAGE[@SUITE], .deb or .rpm files that belong together, or FILE,FILE for each of several kernels',
      )
      .addOption(shared.devices)
      .option('--seconds <n>', "how long the guest is watched, machine's time", '3'),
  )
    .addHelpText(
      'after',
      `
${everyPath}

Examples:
  busyguest qualify debian:linux-image-powerpc64le@trixie debian:linux-image-powerpc64le@sid
  busyguest qualify linux-binary-7.2_ppc64el.deb linux-modules-7.2_ppc64el.deb
  busyguest qualify old-image.deb,old-modules.deb new-image.deb,new-modules.deb --device qemu-pseries-p9`,
    )
    .action(exits(qualify));
