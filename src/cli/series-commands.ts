// SPDX-License-Identifier: MIT
import type { Command } from 'commander';
import { lazily } from './lazily.js';
import { addRunOptions, everyPath, runsPrograms, shared } from './shared-options.js';

/** The commands that need no job matrix: packages, a series, and who broke it. */
export const seriesCommands: readonly ((root: Command) => void)[] = [
  (root) =>
    addRunOptions(
      root
        .command('qualify')
        .description("does a distribution's kernel keep the limit? No build at all")
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
      .action(lazily(async () => (await import('./qualify.js')).qualify)),
  (root) =>
    addRunOptions(
      root
        .command('check')
        .description('test a base and a series on top of it; print the verdict and a reply by mail')
        .option('--tree <source>', 'git repository, or any kernel source', '.')
        .option('--base <ref>', 'branch, tag or commit of the repository (default: HEAD)')
        .option(
          '--series <path...>',
          'patch, folder, mbox, maildir, REPOSITORY#A..B, a Message-ID (fetched by b4) or - for standard input; several with commas or again',
        )
        .option('--each', 'a kernel after every patch of the series', false)
        .option(
          '--kselftest <name...>',
          "also run the tree's own selftests, COLLECTION or COLLECTION:TEST (docs/kselftest.md)",
        )
        .addOption(shared.devices)
        .option(
          '--mail <file>',
          'write the reply as a draft for git send-email: To, Cc, Subject, In-Reply-To',
        )
        .option('--resume <dir>', 'go on with an interrupted check')
        .addOption(shared.clean)
        .addOption(shared.jobs),
    )
      .addHelpText(
        'after',
        `
${everyPath}
${runsPrograms}

Examples:
  busyguest check --tree ~/linux --base kvm/next --series series.mbox
  busyguest check --series ~/linux#origin/master..topic --each
  busyguest check --tree ~/linux --series MESSAGE-ID --mail reply.eml
  cat topic.mbox | busyguest check --tree ~/linux --series -
  busyguest check --tree ~/linux --series topic.mbox --kselftest cgroup,powerpc`,
      )
      .action(lazily(async () => (await import('./check.js')).check)),
  (root) =>
    root
      .command('bisect')
      .description('find the first commit, or the first package, that breaks the limit')
      .option('--tree <path>', 'git repository; only read', '.')
      .option('--good <ref>', 'a commit that keeps the limit')
      .option('--bad <ref>', 'a later one that does not')
      .option(
        '--packages <kernel...>',
        'instead: kernels, oldest first: debian:PACKAGE[@SUITE], * for all that match; FILE or FILE,FILE',
      )
      .option('--device <name>', 'where to test', 'qemu-pseries-p9')
      .option('--resume <dir>', 'go on with an interrupted bisection')
      .addOption(shared.results)
      .addOption(shared.quiet)
      .addHelpText(
        'after',
        `
Of the packages the first has to keep the limit, and the last not to.

Examples:
  busyguest bisect --tree ~/linux --good v6.17 --bad v6.18
  busyguest bisect --packages debian:linux-image-powerpc64le@trixie debian:linux-image-powerpc64le@sid
  busyguest bisect --packages 'debian:linux-image-*-powerpc64le@trixie' debian:linux-image-powerpc64le@sid`,
      )
      .action(lazily(async () => (await import('./bisect.js')).bisect)),
  (root) =>
    root
      .command('bisect-step')
      .description('test one commit, as a script for git bisect run: 0 good, 1 bad, 125 skip')
      .option('--tree <path>', 'git repository; only read', '.')
      .option('--ref <ref>', 'the commit', 'HEAD')
      .option('--device <name>', 'where to test', 'qemu-pseries-p9')
      .addOption(shared.results)
      .addOption(shared.quiet)
      .addHelpText(
        'after',
        `
Anything else that goes wrong gives 128 and more, which stops git bisect.

Example:
  git bisect run busyguest bisect-step --tree .`,
      )
      .action(lazily(async () => (await import('./bisect.js')).step)),
];
