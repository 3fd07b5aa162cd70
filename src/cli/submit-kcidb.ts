// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { exitCode } from '../model/errors.js';
import { readRun } from '../pipeline/run-folder.js';
import { renderKcidb } from '../reports/kcidb.js';
import { parseKcidbOptions, type KcidbOptions } from '../reports/kcidb-options.js';
import { parseKcidbRest, submitKcidb } from '../reports/kcidb-submit.js';
import type { KcidbReport } from '../reports/kcidb-types.js';
import { writeWhole } from '../system/files.js';
import { runFolder } from './arguments.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';

interface Options extends KcidbOptions {
  readonly dryRun: boolean;
}

/** `busyguest submit-kcidb RUN`: writes kcidb.json and posts it to the server of KCIDB_REST. */
export async function submit(path: string, { dryRun, ...given }: Options): Promise<number> {
  const options = parseKcidbOptions(given);
  const rest = process.env['KCIDB_REST'];
  const target = dryRun && !rest ? undefined : parseKcidbRest(rest);
  const dir = await runFolder(path);
  const body = await renderKcidb(await readRun(dir), dir, options);
  await writeWhole(join(dir, 'kcidb.json'), body);
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
    .option('--dry-run', 'write kcidb.json, show what would be sent, and send nothing', false)
    .option('--origin <name>', 'name of the CI system that submits (default: busyguest)')
    .option(
      '--tree-name <name>',
      "name of the tree, such as mainline (default: from its repository's URL)",
    )
    .option('--branch <name>', 'branch of the tree (default: the one that was checked out)')
    .option(
      '--base-url <url>',
      'where the folder of all runs is published: logs, configs and patches are linked there',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  busyguest submit-kcidb results/latest --dry-run\n  busyguest submit-kcidb results/latest --tree-name mainline --branch master --base-url https://ci.example.org/results',
    )
    .action(exits(submit));
