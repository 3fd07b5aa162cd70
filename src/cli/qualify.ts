// SPDX-License-Identifier: MIT
import { qualify as qualifyMatrix } from '../jobs/generators/qualify.js';
import { exitCodeOf } from '../verdict/exit.js';
import { checkDevices } from './commit-test.js';
import { deviceList } from './device-list.js';
import { begin, execute, type RunFlags } from './execute.js';
import { kernelArguments } from './kernel-argument.js';
import { showRun } from './show.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { shared, addRunOptions, everyPath } from './shared-options.js';

interface Options extends RunFlags {
  readonly device?: readonly string[];
  readonly seconds: string;
  readonly json: boolean;
}

/** `busyguest qualify NAME|FILE...`: does a distribution's kernel keep the limit? */
export async function qualify(given: readonly string[], options: Options): Promise<number> {
  const kernels = await interruptible((signal) => kernelArguments(given, signal));
  const used = [...new Set(kernels.map(({ architecture }) => architecture))];
  const devices = used.flatMap((one) =>
    options.device === undefined ? one.everyPath : deviceList(options.device, one),
  );
  await checkDevices(devices);
  const seconds = Number(options.seconds);
  const packages = kernels.map(({ files }) => files);
  const names = kernels.map(({ name }) => name);
  const architectures = kernels.map(({ architecture }) => architecture.name);
  const matrix = qualifyMatrix({
    packages,
    names,
    architectures,
    devices: [...new Set(devices)],
    seconds,
  });
  // JSON is YAML: the same reader checks it as a job matrix.
  const text = JSON.stringify(matrix, undefined, 2);
  const start = await begin('qualify.yaml', text, {}, options.results);
  const result = await execute(start, options);
  await showRun(result, start.dir, options);
  return exitCodeOf(result, options.expected);
}

/** Options and help of `busyguest qualify`. */
export const declare: Declare = (command) =>
  addRunOptions(
    command
      .argument(
        '<kernel...>',
        'debian:PACKAGE[@SUITE], .deb or .rpm files, or images (vmlinux); FILE,FILE where files belong together',
      )
      .addOption(shared.devices)
      .option('--seconds <n>', "how long to watch the guest, in the machine's time", '3'),
  )
    .addHelpText(
      'after',
      `
Packages of one version are one kernel. Each image is a kernel of its own.
${everyPath}

Examples:
  busyguest qualify debian:linux-image-powerpc64le@trixie debian:linux-image-powerpc64le@sid
  busyguest qualify linux-binary-7.2_ppc64el.deb linux-modules-7.2_ppc64el.deb
  busyguest qualify debian:linux-image-amd64 debian:linux-image-arm64 debian:linux-image-riscv64
  busyguest qualify old/vmlinux new/vmlinux --device qemu-pseries-p9`,
    )
    .action(exits(qualify));
