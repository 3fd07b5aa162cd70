// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { prePull } from '../jobs/generators/pre-pull.js';
import { prePullDevices } from '../jobs/generators/generator.js';
import type { Patch } from '../kernels/series.js';
import { UsageError } from '../model/errors.js';
import { findBase, readApplying, writeSeries, type Base } from '../pipeline/check-series.js';
import { makeRunDir } from '../pipeline/run.js';
import { renderMail, type MailFacts } from '../reports/mail.js';
import { writeWhole } from '../system/files.js';
import { readJsonIfThere } from '../system/input.js';
import { firstLine } from '../system/processes.js';
import { ownCommand, quoteWord } from '../system/shell-words.js';
import { exitCodeOf } from '../verdict/exit.js';
import { settleCheck, settleJob } from '../verdict/settle-check.js';
import { checkDevices } from './commit-test.js';
import { deviceList } from './device-list.js';
import { beginIn, execute, goOn, type RunFlags, type Start } from './execute.js';
import { reportsFor } from './reports.js';
import { showRun } from './show.js';
import { seriesPaths } from './series-argument.js';
import { interruptible } from './signals.js';

interface Options extends RunFlags {
  readonly tree: string;
  readonly base?: string;
  readonly series?: readonly string[];
  readonly each: boolean;
  readonly device?: readonly string[];
  readonly resume?: string;
  readonly json: boolean;
}

/** `busyguest check`: does this series, on top of that base, keep the limit? Prints a reply by mail. */
export async function check(options: Options): Promise<number> {
  reportsFor(options.report);
  return options.resume === undefined
    ? finish(await begin(options), options)
    : resume(options.resume, options);
}

/** Goes on with an interrupted check. Throws UsageError when the folder is none. */
export async function resume(dir: string, flags: RunFlags & { json: boolean }): Promise<number> {
  const start = await goOn(dir);
  await readFacts(start.dir);
  return finish(start, flags);
}

async function finish(start: Start, options: RunFlags & { json: boolean }): Promise<number> {
  const { kernels } = start.matrix;
  const result = await execute(start, options, {
    job: (job) => settleJob(job, kernels),
    run: (run) => settleCheck(run, kernels),
  });
  if (result.interrupted) {
    await showRun(result, start.dir, options);
    return exitCodeOf(result);
  }
  const mail = renderMail(result, await readFacts(start.dir));
  const file = join(start.dir, 'mail.txt');
  await writeWhole(file, mail);
  const more = `For a reply by mail (${file}):\n\n${mail}`;
  await showRun(result, start.dir, { json: options.json, more });
  return exitCodeOf(result);
}

async function begin(options: Options): Promise<Start> {
  const { tree, base, each, results } = options;
  const device = options.device && deviceList(options.device);
  const series = await interruptible((signal) => seriesPaths(options.series ?? [], signal));
  if (series.length === 0) {
    throw new UsageError(
      'check: --series is needed: a patch, a folder, an mbox or REPOSITORY#A..B',
    );
  }
  await checkDevices(device ?? prePullDevices);
  const say = (text: string): void => void process.stderr.write(`busyguest: ${text}\n`);
  const { base: found, patches } = await interruptible(async (signal) =>
    readApplying(await findBase(tree, base, signal), series, signal, say),
  );
  const now = new Date();
  const dir = await makeRunDir(results, 'check', now);
  const paths = await writeSeries(join(resolve(dir), 'series'), patches);
  const devices = device === undefined ? {} : { devices: device };
  const matrix = prePull({ source: found.source, series: paths, each, ...devices });
  const facts = await mailFacts({ ...options, series, ...(device && { device }) }, found, patches);
  await writeWhole(join(dir, 'check.json'), `${JSON.stringify(facts, undefined, 2)}\n`);
  return beginIn(dir, now, join(dir, 'check.yaml'), JSON.stringify(matrix, undefined, 2), {});
}

async function mailFacts(
  { tree, series = [], each, device }: Options,
  base: Base,
  patches: readonly Patch[],
): Promise<MailFacts> {
  const words = ['busyguest check --tree', quoteWord(tree)];
  if (base.commit !== undefined) words.push('--base', base.commit);
  words.push('--series', ...series.map(quoteWord));
  if (each) words.push('--each');
  if (device !== undefined) words.push('--device', device.join(','));
  const [name, address] = await Promise.all([gitConfig('user.name'), gitConfig('user.email')]);
  return {
    base: base.title,
    patches: patches.map((patch) => patch.subject ?? patch.name),
    command: words.join(' '),
    ...(name !== undefined && address !== undefined && { tester: `${name} <${address}>` }),
  };
}

const gitConfig = (key: string): Promise<string | undefined> =>
  firstLine(['git', 'config', '--get', key]);

/** The most of a check.json that is read, bytes: a series has hundreds of subjects at most. */
const mostBytes = 4 * 1024 ** 2;
const factsFile = z.strictObject({
  base: z.string(),
  patches: z.array(z.string()),
  command: z.string(),
  tester: z.string().optional(),
});

/** check.json, which may be anybody's: its command goes into a mail, to be pasted, and is one of busyguest. */
async function readFacts(dir: string): Promise<MailFacts> {
  const found = await readJsonIfThere(join(dir, 'check.json'), factsFile, mostBytes);
  if (found === undefined) {
    throw new UsageError(`${dir}: check.json is missing; it is not the folder of a check`);
  }
  const { base, patches, command, tester } = found;
  const own = ownCommand(command, 'check') ?? 'busyguest check';
  return { base, patches, command: own, ...(tester !== undefined && { tester }) };
}
