// SPDX-License-Identifier: MIT
import { Option, type Command } from 'commander';
import { architectures, usualArchitecture } from '../architectures/architectures.js';
import { expectedModes, usualMode } from '../verdict/expected.js';

/** Collects an option that may be given more than once, each time with one value or several with commas. */
export const collect = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text.split(',').filter((one) => one !== ''),
];

/** The same for NAME=VALUE, where a value may have commas of its own. */
const collectSettings = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text.split(/,(?=[a-z][\w-]*=)/),
];

/** Options that several commands have, and that mean the same in all of them. */
export const shared = {
  results: new Option('--results <dir>', 'where runs are kept').default('results'),
  report: new Option(
    '--report <list>',
    'write more reports: NAME=PATH,... (json, tap, tap13, junit, markdown, annotations, html, kcidb)',
  ),
  expected: new Option(
    '--expected <how>',
    'how TAP, JUnit, Markdown and the exit code show a failure that the job matrix expects',
  )
    .choices(expectedModes)
    .default(usualMode),
  fresh: new Option(
    '--fresh',
    'also run jobs whose inputs have not changed since an earlier run',
  ).default(false),
  clean: new Option(
    '--clean',
    'build every kernel from scratch, and compare it with the one in the cache',
  ).default(false),
  jobs: new Option('--jobs <n>', 'how many jobs run at once (default: one for each CPU)'),
  quiet: new Option('-q, --quiet', 'show no progress').default(false),
  json: new Option('--json', 'print results.json instead of the table').default(false),
  tree: new Option(
    '--tree <source>',
    'kernel source for all kernels: PATH, PATH#REF, debian:PACKAGE[@SUITE]',
  ),
  set: new Option(
    '--set <name=value>',
    'set an option of a job file that is a program (*.job.ts); separate several with commas, or repeat --set',
  ).argParser(collectSettings),
  architecture: new Option('--arch <name>', "architecture, by the kernel's name for it")
    .choices(architectures.map(({ name }) => name))
    .default(usualArchitecture.name),
  devices: new Option(
    '--device <list>',
    "test on these devices: names or patterns such as 'qemu-powernv*', separated by commas; all means every emulated one",
  ).argParser(collect),
  filter: new Option(
    '--filter <expression>',
    "run only jobs that match, such as 'device=~powernv,kernel=patched'",
  ),
} as const;

/** The options of a command that runs jobs without a job matrix, in the order of its help. */
export const addRunOptions = (command: Command): Command =>
  [shared.results, shared.report, shared.expected, shared.json, shared.fresh, shared.quiet].reduce(
    (one, option) => one.addOption(option),
    command,
  );

/** What stands below the options of a command that tests on every path of the kernel. */
export const runsPrograms = `Building a series or a tree runs its programs. They run in a sandbox that has no network, no secrets and no root
rights, and that sees only the tree and the compiler (docs/security.md).`;
export const everyPath =
  'Without --device, it tests every code path of the kernel on emulated machines.';
