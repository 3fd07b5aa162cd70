// SPDX-License-Identifier: MIT
import { Option, type Command } from 'commander';

/** A command that is loaded when it is called; what it returns is the exit code. */
function lazily(
  load: () => Promise<(...args: never[]) => Promise<number>>,
): (...args: unknown[]) => Promise<void> {
  return async (...args) => {
    const command = await load();
    // Commander checks the words by the declarations here; their types are the command's own.
    process.exitCode = await command(...(args as never[]));
  };
}

/** One function for each command: its options and help; the work is in a file of its own name. */
export const commands: readonly ((root: Command) => void)[] = [
  (root) =>
    root
      .command('run')
      .description('build, boot and judge a job matrix')
      .argument('[file]', 'job matrix (jobs/*.yaml)')
      .option(
        '--tree <source>',
        'kernel source for all kernels: PATH, PATH#REF, debian:PACKAGE[@SUITE]',
      )
      .option('--filter <expression>', "only jobs that match, as 'device=~powernv,kernel=patched'")
      .option('--jobs <n>', 'jobs at once (default: one a CPU)')
      .option('--results <dir>', 'where runs are kept', 'results')
      .option('--fresh', 'run jobs with unchanged inputs too', false)
      .option('--fail-fast', 'start no more jobs after the first unexpected result', false)
      .option('--resume <dir>', 'go on with an interrupted run')
      .option('--report <list>', 'more reports: junit=PATH,tap=PATH,json=PATH,markdown=PATH')
      .option('--json', 'print results.json instead of the table', false)
      .option('-q, --quiet', 'no progress', false)
      .option('-v, --verbose', 'show the consoles', false)
      .addHelpText(
        'after',
        `
Examples:
  busyguest run jobs/pre-pull.yaml
  busyguest run jobs/pre-pull.yaml --tree ~/linux#kvm/next --filter 'device=~powernv'
  busyguest run --resume results/latest`,
      )
      .action(lazily(async () => (await import('./run.js')).run)),
  (root) =>
    root
      .command('qualify')
      .description("does a distribution's kernel keep the limit? No build at all")
      .argument('<kernel...>', 'debian:PACKAGE[@SUITE], or .deb or .rpm files that belong together')
      .option('--device <name...>', 'devices', ['qemu-pseries-p9'])
      .option('--seconds <n>', "how long the guest is watched, machine's time", '3')
      .option('--results <dir>', 'where runs are kept', 'results')
      .option('--report <list>', 'more reports: junit=PATH,tap=PATH,json=PATH,markdown=PATH')
      .option('--fresh', 'run jobs with unchanged inputs too', false)
      .option('-q, --quiet', 'no progress', false)
      .addHelpText(
        'after',
        `
Examples:
  busyguest qualify debian:linux-image-powerpc64le@trixie debian:linux-image-powerpc64le@sid
  busyguest qualify linux-binary-7.2_ppc64el.deb linux-modules-7.2_ppc64el.deb`,
      )
      .action(lazily(async () => (await import('./qualify.js')).qualify)),
  (root) =>
    root
      .command('plan')
      .description('show what a job matrix would do; builds and boots nothing')
      .argument('<file>', 'job matrix')
      .option('--tree <source>', 'kernel source for all kernels')
      .option('--filter <expression>', 'only jobs that match')
      .action(lazily(async () => (await import('./plan.js')).plan)),
  (root) =>
    root
      .command('report')
      .description('make the reports of a run again, from its files alone')
      .argument('<run>', 'folder of a run, as results/latest')
      .option('--report <list>', 'which: junit=PATH,tap=PATH,json=PATH,markdown=PATH')
      .option('--json', 'print results.json instead of the table', false)
      .action(lazily(async () => (await import('./report.js')).report)),
  (root) =>
    root
      .command('parse')
      .description(
        'read any TAP or KTAP log (kselftest, KUnit, busyguest) and print it in another form',
      )
      .argument('<file>', 'log; - is standard input')
      .addOption(
        new Option('--to <format>', 'output').choices(['tap', 'junit', 'json']).default('tap'),
      )
      .addHelpText('after', '\nExample:\n  dmesg | busyguest parse - --to junit > kunit.xml')
      .action(lazily(async () => (await import('./parse.js')).parse)),
  (root) =>
    root
      .command('devices')
      .description('list the devices and whether they can run here')
      .option(
        '--fetch-qemu',
        "take a newer QEMU from the distribution's backports into the cache",
        false,
      )
      .option('-q, --quiet', 'with --fetch-qemu: do not list the devices', false)
      .option('--if-older <version>', 'with --fetch-qemu: only when the QEMU here is older')
      .action(lazily(async () => (await import('./devices.js')).devicesCommand)),
  (root) =>
    root
      .command('doctor')
      .description('show the tools needed, what was found, and the line that fixes it')
      .option('--install', 'run that line (as root, or by sudo when it asks nothing)', false)
      .action(lazily(async () => (await import('./doctor.js')).doctor)),
  (root) =>
    root
      .command('cache')
      .description('show what the cache holds; --prune frees space')
      .option('--prune <size>', 'remove the oldest until at most this is left, as 5G')
      .action(lazily(async () => (await import('./cache.js')).cache)),
];
