// SPDX-License-Identifier: MIT
import { withNearestFile } from '../documents/nearest-file.js';
import { exitCode, UsageError } from '../model/errors.js';
import { verifyBundle, type Verification } from '../pipeline/bundle/verify-bundle.js';
import { progressReport } from '../reports/progress.js';
import { openReports } from '../reports/report.js';
import { cleanText } from '../reports/text.js';
import { exists } from '../system/files.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

const shownDifferences = 10;

/** `busyguest verify BUNDLE`: boots the bundle's job again and compares. Exit 0 same, 1 not, 4 cannot run here. */
export async function verify(
  file: string,
  options: { readonly quiet: boolean; readonly verbose: boolean },
): Promise<number> {
  if (!(await exists(file)))
    throw new UsageError(await withNearestFile(file, `${file}: no such bundle`));
  const session = openReports([progressReport({ stream: process.stderr, ...options })]);
  const seen = await interruptible((signal) => verifyBundle(file, signal, session.sink));
  process.stdout.write(`${cleanLines(describe(seen))}\n`);
  return codeOf(seen);
}

const cleanLines = (lines: readonly string[]): string => lines.map(cleanText).join('\n');

function describe(seen: Verification): string[] {
  const { manifest, missing, result, strict, notes, differences } = seen;
  const { job, run, recorded } = manifest;
  const head = `${job.name} of run ${run}, recorded on ${recorded.device}, ${recorded.qemu}`;
  if (!result) return [head, ...missing.map((why) => `cannot run here: ${why}`)];
  const metrics = strict ? differences.metrics : [];
  const free = strict ? 0 : differences.metrics.length;
  return [
    head,
    ...notes.map((note) => `note: ${note}`),
    ...row('status', result.status, differences.status),
    ...row('cases', `${result.cases.length}`, differences.cases),
    ...(free > 0
      ? [`metrics: ${free} differ, as they may: only statuses are the same every time`]
      : row('metrics', 'equal', metrics)),
    seen.console === undefined
      ? 'console: not compared; this machine does not promise the same bytes'
      : `console: ${seen.console === 'same' ? 'the same to the byte' : 'DIFFERS'}`,
    isSame(seen) ? 'verified: the same result' : `NOT verified; now: ${result.reason}`,
  ];
}

function row(what: string, value: string, differences: readonly string[]): string[] {
  if (differences.length === 0) return [`${what}: ${value}, the same`];
  const more = differences.length - shownDifferences;
  return [
    ...differences.slice(0, shownDifferences).map((one) => `${what} DIFFERS: ${one}`),
    ...(more > 0 ? [`${what}: ${more} more differ`] : []),
  ];
}

function isSame({ differences, strict, console }: Verification): boolean {
  const { status, cases, metrics } = differences;
  const must = [...status, ...cases, ...(strict ? metrics : [])];
  return must.length === 0 && console !== 'differs';
}

// A machine that was lost says nothing about the kernel.
function codeOf(seen: Verification): number {
  if (!seen.result) return exitCode.nothingRan;
  if (isSame(seen)) return exitCode.ok;
  const { status } = seen.result;
  const lab = seen.differences.status.length > 0 && (status === 'ERROR' || status === 'MISS');
  return lab ? exitCode.infrastructure : exitCode.unexpected;
}

/** Options and help of `busyguest verify`. */
export const declare: Declare = (command) =>
  command
    .argument('<bundle>', 'file that "busyguest bundle" wrote')
    .addOption(shared.quiet)
    .option('-v, --verbose', 'show the console of the machine', false)
    .addHelpText(
      'after',
      `
Nothing in the bundle runs on this host. It runs in the emulated machine only.

Example:
  busyguest verify bug.tar.zst`,
    )
    .action(exits(verify));
