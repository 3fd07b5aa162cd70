// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { deviceNamed, deviceNames } from '../devices/registry.js';
import type { MatrixInput } from '../jobs/generators/generator.js';
import { hintFor } from '../documents/nearest.js';
import { InfraError, InterruptedError, UsageError } from '../model/errors.js';
import type { StepResult } from '../pipeline/bisect.js';
import { pastTimesReport } from '../pipeline/past-times.js';
import { runMatrix } from '../pipeline/run.js';
import { progressReport } from '../reports/progress.js';
import { openReports } from '../reports/report.js';
import { bisectOutcome } from '../verdict/bisect-outcome.js';
import { narrow } from './matrix.js';
import { reportsFor, sayFailures } from './reports.js';

/** Throws UsageError for a device that there is not, InfraError when none of them can run here. */
export async function checkDevices(names: readonly string[]): Promise<void> {
  const reasons: string[] = [];
  const found = names.map((name) => {
    const device = deviceNamed(name);
    if (device !== undefined) return device;
    throw new UsageError(`--device: unknown device "${name}"; ${hintFor(name, deviceNames())}`);
  });
  for (const device of found) {
    const missing = await device.missing();
    if (missing.length === 0) return;
    reasons.push(`${device.name}: ${missing.join('; ')}`);
  }
  throw new InfraError('devices', reasons.join('\n'), 'see "busyguest devices"');
}

/** Runs the matrix of one commit or package in `dir` and tells what it is to a bisection. */
export async function testCommit(
  matrix: MatrixInput,
  dir: string,
  quiet: boolean,
  signal: AbortSignal,
): Promise<StepResult> {
  await mkdir(dir, { recursive: true });
  const session = openReports([
    // The bisection says itself what each gave.
    progressReport({ stream: process.stderr, quiet, results: false }),
    pastTimesReport(),
    ...reportsFor(undefined),
  ]);
  const options = { dir, startedAt: new Date().toISOString(), fresh: false, failFast: false };
  const jobs = narrow(JSON.stringify(matrix), join(dir, `${basename(dir)}.yaml`), {});
  const run = await runMatrix(jobs, options, signal, session.sink);
  session.sink({ kind: 'run-end', result: run });
  sayFailures(await session.end(run, dir));
  // What was stopped is not to be skipped.
  if (run.interrupted) throw new InterruptedError('bisect: interrupted');
  const [job] = run.jobs;
  // The folder of the step has the rest.
  const [reason = ''] = (job?.reason ?? '').split(/\n|; /);
  const text = `${job?.status ?? 'ERROR'}: ${reason}`;
  return { outcome: bisectOutcome(run), text, release: job?.facts['kernel_release'] ?? '' };
}
