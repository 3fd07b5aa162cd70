// SPDX-License-Identifier: MIT
import type { Declare } from './command.js';

/** A command as `busyguest --help` lists it; all else about it is in its file, which is loaded when it is called. */
export interface CommandRow {
  readonly name: string;
  readonly description: string;
  /** For scripts of ours; the help does not list it. */
  readonly hidden?: boolean;
  readonly load: () => Promise<{ readonly declare: Declare }>;
}

const row = (
  name: string,
  description: string,
  load: () => Promise<{ readonly declare: Declare }>,
): CommandRow => ({ name, description, load });

/** Every command, in the order of the help. */
export const commands: readonly CommandRow[] = [
  row(
    'run',
    'build, boot and test the kernels of a job matrix, and judge the results',
    () => import('./run.js'),
  ),
  row(
    'qualify',
    "boot kernels from a distribution's packages and test them; builds nothing",
    () => import('./qualify.js'),
  ),
  row(
    'check',
    'test a patch series and the base below it; print the verdict and a reply for the list',
    () => import('./check.js'),
  ),
  row(
    'bisect',
    'find the first commit, or the first package, that breaks the limit',
    () => import('./bisect.js'),
  ),
  row(
    'bisect-step',
    'test one commit, as a script for git bisect run: 0 good, 1 bad, 125 skip',
    () => import('./bisect-step.js'),
  ),
  row(
    'plan',
    'show what a job matrix would do; builds and boots nothing',
    () => import('./plan.js'),
  ),
  row('matrices', 'list the job matrices that come with busyguest', () => import('./matrices.js')),
  row('init', 'write a job matrix of your own to begin with', () => import('./init.js')),
  row(
    'generate',
    'turn a job matrix into jobs for LAVA, KernelCI, GitLab or GitHub; submits nothing',
    () => import('./generate.js'),
  ),
  row(
    'report',
    'make the reports of a run again, from its files alone',
    () => import('./report.js'),
  ),
  row(
    'compare',
    'show what changed between two runs; the exit code is 1 when there are new failures',
    () => import('./compare.js'),
  ),
  row(
    'bundle',
    'pack a job, its kernel and its image into one file that can boot it again',
    () => import('./bundle.js'),
  ),
  row(
    'verify',
    "boot a bundle's job again and compare: exit code 0 the same, 1 different, 4 cannot run here",
    () => import('./verify.js'),
  ),
  row(
    'serve',
    'show all runs in a browser, and follow those that are in progress',
    () => import('./serve.js'),
  ),
  row(
    'submit-kcidb',
    "submit a run to KernelCI's database; KCIDB_REST=https://<token>@<host>/submit says where",
    () => import('./submit-kcidb.js'),
  ),
  row(
    'watch',
    'test each new tip of a branch, and send mail if anything is new',
    () => import('./watch.js'),
  ),
  row(
    'nightly',
    'test the tip of a branch every night, by a systemd timer, and send mail if anything is new',
    () => import('./nightly.js'),
  ),
  row('prune', 'remove old runs, but never the newest one', () => import('./prune.js')),
  row(
    'parse',
    'read any TAP or KTAP log (kselftest, KUnit, busyguest) and print it in another form',
    () => import('./parse.js'),
  ),
  row(
    'devices',
    'list the devices and say whether they can run here; check one',
    () => import('./devices.js'),
  ),
  row(
    'doctor',
    'show which tools are needed, which are installed, and the command that installs the rest',
    () => import('./doctor.js'),
  ),
  row(
    'cache',
    'show what is in the cache and when it was last used; free space',
    () => import('./cache.js'),
  ),
  row(
    'completion',
    'print the script with which bash, zsh or fish completes commands, options and names',
    () => import('./completion.js'),
  ),
  {
    ...row('complete', 'list names for the completion', () => import('./complete.js')),
    hidden: true,
  },
];
