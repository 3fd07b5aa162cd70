// SPDX-License-Identifier: MIT
import { Option, type Command } from 'commander';
import { generateCommand } from './generate-command.js';
import { lazily } from './lazily.js';
import { seriesCommands } from './series-commands.js';
import { collect, shared } from './shared-options.js';

/** One function for each command: its options and help; the work is in a file of its own name. */
export const commands: readonly ((root: Command) => void)[] = [
  (root) =>
    root
      .command('run')
      .description('build, boot and judge a job matrix')
      .argument('[file]', 'job matrix (jobs/*.yaml) or generator (jobs/*.job.ts)')
      .addOption(shared.tree)
      .addOption(shared.set)
      .addOption(shared.filter)
      .addOption(shared.jobs)
      .addOption(shared.results)
      .addOption(shared.fresh)
      .addOption(shared.clean)
      .option('--fail-fast', 'start no more jobs after the first unexpected result', false)
      .option('--resume <dir>', 'go on with an interrupted run')
      .addOption(
        new Option(
          '--exit-on <what>',
          'new-failures: exit code 1 only for what got worse since the run before',
        ).choices(['new-failures']),
      )
      .addOption(shared.report)
      .addOption(shared.json)
      .addOption(shared.quiet)
      .option('-v, --verbose', 'show the consoles', false)
      .option('--timings', 'at the end, where the time went (on stderr)', false)
      .optionsGroup('In a LAVA lab:')
      .option('--lava <server>', 'run in a LAVA lab: its URL, or an identity of lavacli')
      .option(
        '--publish <where>',
        'where its workers fetch kernels: DIR, HOST:DIR (rsync), http://ADDRESS:PORT of this machine (default: this process serves them)',
      )
      .option('--url <url>', 'where workers find what --publish has put there')
      .option('--in-flight <n>', 'jobs in the lab at once (default: 16)')
      .option('--lava-type <type>', 'LAVA device type (default: what --lava-boot says)')
      .option('--lava-boot <how>', 'qemu, petitboot or kexec (default: qemu)')
      .addOption(new Option('--lava-tag <list>', 'only devices with these tags').argParser(collect))
      .option('--lava-priority <n>', 'low, medium, high or 0 to 100 (default: medium)')
      .option('--queue-s <n>', 'seconds that a job may wait for a device (default: 3600)')
      .option('--deadline-s <n>', 'seconds for the whole run (default: none)')
      .addHelpText(
        'after',
        `
Examples:
  busyguest run jobs/pre-pull.yaml
  LAVA_TOKEN=... busyguest run --lava https://lava.example.org jobs/nightly.yaml
  busyguest run jobs/pre-pull.yaml --tree ~/linux#kvm/next --filter 'device=~powernv'
  busyguest run jobs/follow.job.ts --set source=git+https://HOST/linux.git#master --exit-on new-failures
  busyguest run --resume results/20261121-120000-pre-pull`,
      )
      .action(lazily(async () => (await import('./run.js')).run)),
  ...seriesCommands,
  (root) =>
    root
      .command('plan')
      .description('show what a job matrix would do; builds and boots nothing')
      .argument('<file>', 'job matrix')
      .addOption(shared.tree)
      .addOption(shared.set)
      .addOption(shared.filter)
      .action(lazily(async () => (await import('./plan.js')).plan)),
  generateCommand,
  (root) =>
    root
      .command('report')
      .description('make the reports of a run again, from its files alone')
      .argument('<run>', 'folder of a run, as results/latest')
      .option('--html', 'write report.html in its folder', false)
      .addOption(shared.report)
      .addOption(shared.json)
      .addHelpText(
        'after',
        `
Examples:
  busyguest report results/latest --html
  busyguest report results/latest --report markdown=/dev/stdout`,
      )
      .action(lazily(async () => (await import('./report.js')).report)),
  (root) =>
    root
      .command('compare')
      .description('show what changed from one run to another; 1 when there are new failures')
      .argument(
        '[run-a]',
        'folder of the earlier run (default: the one before, of the same matrix)',
      )
      .argument('[run-b]', 'folder of the later run (default: the newest)')
      .option('--json', 'print it as comparison.json has it', false)
      .addOption(shared.results)
      .addHelpText(
        'after',
        `
With one RUN, that one is compared with the run before it. The runs beside them give the spread of metrics.

Examples:
  busyguest compare
  busyguest compare results/20261121-210000-nightly results/latest`,
      )
      .action(lazily(async () => (await import('./compare.js')).compare)),
  (root) =>
    root
      .command('bundle')
      .description('put a job with its kernel and image into one file that boots it again')
      .argument('<job>', 'folder of a job, as results/latest/JOB')
      .option('-o, --output <file>', 'the bundle (default: JOB.tar.zst)')
      .addHelpText(
        'after',
        `
The bundle's reproduce.sh needs QEMU only; "busyguest verify" compares too.

Example:
  busyguest bundle results/latest/unpatched-qemu-pseries-p9-busy-guest -o bug.tar.zst`,
      )
      .action(lazily(async () => (await import('./bundle.js')).bundle)),
  (root) =>
    root
      .command('verify')
      .description("boot a bundle's job again and compare: 0 the same, 1 not, 4 cannot run here")
      .argument('<bundle>', 'file that "busyguest bundle" wrote')
      .addOption(shared.quiet)
      .option('-v, --verbose', 'show the console', false)
      .addHelpText(
        'after',
        `
Nothing in the bundle runs on this host, only in the emulated machine.

Example:
  busyguest verify bug.tar.zst`,
      )
      .action(lazily(async () => (await import('./verify.js')).verify)),
  (root) =>
    root
      .command('serve')
      .description('show all runs in a browser on this machine, as they go on')
      .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', '8017')
      .addOption(shared.results)
      .addHelpText('after', '\nExample:\n  busyguest serve --port 0 --results ~/busyguest-results')
      .action(lazily(async () => (await import('./serve.js')).serve)),
  (root) =>
    root
      .command('submit-kcidb')
      .description('post a run to KernelCI; KCIDB_REST=https://<token>@<host>/submit says where')
      .argument('<run>', 'folder of a run, as results/latest')
      .option('--dry-run', 'say what would be sent, and send nothing', false)
      .option('--origin <name>', 'name of the CI system that submits (default: busyguest)')
      .addHelpText('after', '\nExample:\n  busyguest submit-kcidb results/latest --dry-run')
      .action(lazily(async () => (await import('./submit-kcidb.js')).submit)),
  (root) =>
    root
      .command('prune')
      .description('remove old runs; never the newest one')
      .option('--keep-runs <n>', 'keep the newest N')
      .option('--max-age-days <days>', 'remove what is older')
      .option('--dry-run', 'say what would be removed, and remove nothing', false)
      .addOption(shared.results)
      .addHelpText('after', '\nExample:\n  busyguest prune --keep-runs 200 --max-age-days 90')
      .action(lazily(async () => (await import('./prune.js')).prune)),
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
      .description('list the devices and whether they can run here; check one')
      .addHelpText(
        'after',
        '\nYour own: ~/.config/busyguest/devices/NAME.yaml (docs/devices.md)\n\nExample:\n  busyguest devices check talos',
      )
      .option(
        '--fetch-qemu',
        "take Debian's newest QEMU into the cache, with its libraries where this system's are older",
        false,
      )
      .option('-q, --quiet', 'with --fetch-qemu: do not list the devices', false)
      .option(
        '--if-older <version>',
        'with --fetch-qemu: only when the QEMU here is older; then the nearest that is not',
      )
      .action(lazily(async () => (await import('./devices.js')).devicesCommand))
      .command('check')
      .description('try a device step by step: power, console, shell, fetch, kexec')
      .argument('<name>', 'device')
      .exitOverride()
      .action(lazily(async () => (await import('./check-device.js')).checkDevice)),
  (root) =>
    root
      .command('doctor')
      .description('show the tools needed, what was found, and the line that fixes it')
      .option('--install', 'run that line (as root, or by sudo where it needs no password)', false)
      .addOption(
        new Option('--for <what>', 'run jobs, or run the tests too')
          .choices(['run', 'test'])
          .default('run'),
      )
      .action(lazily(async () => (await import('./doctor.js')).doctor)),
  (root) =>
    root
      .command('cache')
      .description('show what the cache holds and when it was last used; --prune frees space')
      .option('--prune <size>', 'remove what was not used for longest until this is left, as 5G')
      .addHelpText(
        'after',
        `
A run that put something in does the same with BUSYGUEST_CACHE_SIZE (default 20G). What a running busyguest uses is never removed.

Example:
  busyguest cache --prune 5G`,
      )
      .action(lazily(async () => (await import('./cache.js')).cache)),
];
