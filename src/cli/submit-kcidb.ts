// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { exitCode, UsageError } from '../model/errors.js';
import { readRun } from '../pipeline/run-folder.js';
import { defaultOrigin, renderKcidb } from '../reports/kcidb.js';
import { parseKcidbRest, submitKcidb } from '../reports/kcidb-submit.js';
import type { KcidbReport } from '../reports/kcidb-types.js';
import { writeWhole } from '../system/files.js';
import { runFolder } from './arguments.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';

/** `busyguest submit-kcidb RUN`: writes kcidb.json and posts it to the server of KCIDB_REST. */
export async function submit(
  path: string,
  options: { readonly dryRun: boolean; readonly origin?: string },
): Promise<number> {
  const { dryRun, origin = defaultOrigin } = options;
  if (!/^[a-z0-9_]+$/.test(origin)) {
    throw new UsageError(`--origin ${origin}: small letters, digits and underscores are needed`);
  }
  const rest = process.env['KCIDB_REST'];
  const target = dryRun && !rest ? undefined : parseKcidbRest(rest);
  const dir = await runFolder(path);
  const body = await renderKcidb(await readRun(dir), dir, origin);
  if (!dryRun) await writeWhole(join(dir, 'kcidb.json'), body);
  process.stdout.write(`${countsOf(body)}\n`);
  if (!target) {
    process.stdout.write('would post it nowhere: KCIDB_REST is not set\n');
    return exitCode.ok;
  }
  const say = (text: string): boolean => process.stderr.write(`busyguest: ${text}\n`);
  const { text } = await interruptible((signal) =>
    submitKcidb(target, body, { dryRun, signal, say }),
  );
  process.stdout.write(`${text}\n`);
  return exitCode.ok;
}

function countsOf(body: string): string {
  const { checkouts, builds, tests, issues, incidents } = JSON.parse(body) as KcidbReport;
  const lists = { checkouts, builds, tests, issues, incidents };
  return Object.entries(lists)
    .map(([name, list]) => `${list.length} ${name}`)
    .join(', ');
}

/** Options and help of `busyguest submit-kcidb`. */
export const declare: Declare = (command) =>
  command
    .argument('<run>', 'folder of a run, such as results/latest')
    .option('--dry-run', 'show what would be sent, and send nothing', false)
    .option('--origin <name>', 'name of the CI system that submits (default: busyguest)')
    .addHelpText('after', '\nExample:\n  busyguest submit-kcidb results/latest --dry-run')
    .action(exits(submit));
