// SPDX-License-Identifier: MIT
import { exitCode } from '../../model/errors.js';

/** Something with a name, and what it is. */
export type Row = readonly [name: string, text: string];

/** The environment variables that busyguest reads. */
export const environment: readonly Row[] = [
  ['BUSYGUEST_CACHE', 'folder of the cache (default: ~/.cache/busyguest)'],
  [
    'BUSYGUEST_CACHE_SIZE',
    'size to which a run prunes the cache, such as 20G, which is the default',
  ],
  [
    'BUSYGUEST_DEBIAN_MIRROR',
    "mirror of Debian's archive (default: that of this system's apt or debootstrap)",
  ],
  ['BUSYGUEST_QEMU', 'the qemu-system-ppc64 that runs the machines'],
  ['BUSYGUEST_SANDBOX', 'off: build without a sandbox, where something else is one'],
  ['BUSYGUEST_SANDBOX_ENV', 'names of variables that programs in the sandbox see, too'],
  ['BUSYGUEST_SANDBOX_READ', 'folders that programs in the sandbox may read, too'],
  ['BUSYGUEST_SMTP', 'mail server of nightly and watch: smtps://USER:PASSWORD@HOST'],
  ['CROSS_COMPILE, LLVM', 'toolchain of the kernels, as for make of the kernel'],
  ['KCIDB_REST', 'where submit-kcidb posts: https://TOKEN@HOST/submit'],
  ['LAVA_TOKEN, BUSYGUEST_LAVA_TOKEN', 'token for --lava; the second counts where both are set'],
  ['BUSYGUEST_LAVA_PLAIN', '1: the token may go to a LAVA server without TLS'],
  ['NO_COLOR', 'not empty: no colours'],
  [
    'DBUS_SESSION_BUS_ADDRESS, SUDO_USER',
    'for "nightly install": how to reach systemd, and who runs it',
  ],
  ['XDG_CACHE_HOME, XDG_CONFIG_HOME', 'what stands for ~/.cache and ~/.config'],
];

/** The files that busyguest reads and writes. */
export const files: readonly Row[] = [
  ['results/RUN/', 'a run: report.html, results.json, TAP, JUnit, and a folder for each job'],
  ['results/latest', 'the newest run'],
  ['results/index.html', 'all runs'],
  ['results/nightly.json', 'what one night leaves for the next'],
  ['~/.config/systemd/user/busyguest-nightly.timer', 'what "nightly install" writes'],
  ['~/.cache/busyguest/', 'sources, kernels, images and results; all of it can be made again'],
  ['~/.config/busyguest/devices/NAME.yaml', "the user's own machines"],
];

const usual: Readonly<Record<number, string>> = {
  [exitCode.ok]: 'It is done.',
  [exitCode.usage]: 'The command line is wrong.',
  [exitCode.badJob]: 'A job matrix or another input is wrong.',
  [exitCode.infrastructure]: 'The infrastructure failed: a tool, the disk, the network, a lab.',
  [exitCode.internal]: 'A bug of busyguest.',
  [exitCode.interrupted]: 'It was interrupted.',
};

const ofRun = {
  [exitCode.ok]: 'Everything is as expected.',
  [exitCode.unexpected]: 'Something is not as expected.',
  [exitCode.nothingRan]: 'No job could run here.',
};

const ofBisection = { [exitCode.ok]: 'It was found.', [exitCode.unexpected]: 'It was not found.' };

/** What a command's exit codes say other than the usual. */
const ofCommand: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  '': ofRun,
  run: ofRun,
  qualify: ofRun,
  check: ofRun,
  report: ofRun,
  bisect: ofBisection,
  'bisect-step': {
    0: 'The commit is good.',
    1: 'It is bad.',
    125: 'It cannot be tested.',
    192: 'and more: the usual codes below, plus 128.',
  },
  compare: {
    [exitCode.ok]: 'There is no new failure.',
    [exitCode.unexpected]: 'There are new failures.',
  },
  nightly: {
    [exitCode.ok]: 'Nothing got worse.',
    [exitCode.unexpected]: 'There are new failures.',
    [exitCode.nothingRan]: 'No job could run here.',
  },
  parse: { [exitCode.ok]: 'All cases passed.', [exitCode.unexpected]: 'A case failed.' },
  verify: {
    [exitCode.ok]: 'The result is the same.',
    [exitCode.unexpected]: 'It is another one.',
    [exitCode.nothingRan]: 'The job cannot run here.',
  },
};

/** The exit codes of a command, the smallest first. @param path the command's words */
export function exitRows(path: string): readonly Row[] {
  const own = ofCommand[path.split(' ')[0] ?? ''] ?? {};
  return Object.entries({ ...usual, ...own });
}
