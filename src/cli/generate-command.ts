// SPDX-License-Identifier: MIT
import { Option, type Command } from 'commander';
import { lavaBoots } from '../labs/lava/boot-methods.js';
import { lazily } from './lazily.js';
import { shared } from './shared-options.js';

/** Options and help of `busyguest generate`. */
export const generateCommand = (root: Command): Command =>
  root
    .command('generate')
    .description(
      'turn a job matrix into jobs for LAVA, KernelCI, GitLab or GitHub; submits nothing',
    )
    .argument('<file>', 'job matrix')
    .addOption(
      new Option('--for <system>', 'who runs the jobs')
        .choices(['lava', 'kernelci', 'gitlab', 'github'])
        .makeOptionMandatory(),
    )
    .option('--out <dir>', 'where the files go', 'generated')
    .option(
      '--publish <target>',
      'where kernels and image go: DIR, HOST:DIR, http://ADDRESS:PORT of this machine (default: OUT/artefacts)',
    )
    .option('--url <url>', 'where workers find what was published')
    .addOption(
      new Option('--boot <method>', 'lava: how the machine gets its kernel')
        .choices(lavaBoots)
        .default('qemu'),
    )
    .option('--device-type <name>', "lava: the lab's name for that kind of machine")
    .option('--console <device>', 'lava: console of a real machine', 'hvc0')
    .option('--tag <name...>', 'lava: tags that the device must have')
    .option('--priority <p>', 'lava: low, medium, high, or 0 to 100', 'medium')
    .addOption(shared.tree)
    .addOption(shared.set)
    .addOption(shared.filter)
    .addOption(shared.quiet)
    .addHelpText(
      'after',
      `
Examples:
  busyguest generate jobs/nightly.yaml --for lava --publish files.lab:/srv/www/bg --url https://files.lab/bg
  busyguest generate jobs/pre-pull.yaml --for lava --boot petitboot --publish http://10.0.0.5:8080
  busyguest generate jobs/pre-pull.yaml --for gitlab`,
    )
    .action(lazily(async () => (await import('./generate.js')).generate));
