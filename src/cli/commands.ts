// SPDX-License-Identifier: MIT
import type { Declare } from './command.js';

/** A command as `busyguest --help` lists it; all else about it is in its file, which is loaded when it is called. */
export interface CommandRow {
  readonly name: string;
  readonly description: string;
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
    'build the kernels of a job matrix, boot them on its devices, run the test, judge',
    () => import('./run.js'),
  ),
  row(
    'qualify',
    "boot kernels from a distribution's packages and test them; builds nothing",
    () => import('./qualify.js'),
  ),
  row(
    'check',
    'test a base and a patch series on top of it; print the verdict and a reply for the list',
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
    'show what changed from one run to another; exit code 1 when there are new failures',
    () => import('./compare.js'),
  ),
  row(
    'bundle',
    'put a job with its kernel and image into one file that boots it again',
    () => import('./bundle.js'),
  ),
  row(
    'verify',
    "boot a bundle's job again and compare; exit code 0 the same, 1 not, 4 cannot run here",
    () => import('./verify.js'),
  ),
  row(
    'serve',
    'show all runs in a browser on this machine, as they go on',
    () => import('./serve.js'),
  ),
  row(
    'submit-kcidb',
    'post a run to KernelCI; KCIDB_REST=https://<token>@<host>/submit says where',
    () => import('./submit-kcidb.js'),
  ),
  row('prune', 'remove old runs; never the newest one', () => import('./prune.js')),
  row(
    'parse',
    'read any TAP or KTAP log (kselftest, KUnit, busyguest) and print it in another form',
    () => import('./parse.js'),
  ),
  row(
    'devices',
    'list the devices and whether they can run here; check one',
    () => import('./devices.js'),
  ),
  row(
    'doctor',
    'show the tools that are needed, which are here, and the command that installs the rest',
    () => import('./doctor.js'),
  ),
  row(
    'cache',
    'show what the cache holds and when it was last used; free space',
    () => import('./cache.js'),
  ),
];
