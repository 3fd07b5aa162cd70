// SPDX-License-Identifier: MIT
import { join, resolve } from 'node:path';
import { architectureOfPackage } from '../architectures/architectures.js';
import { usualDevice } from '../jobs/generators/generator.js';
import { withNearestFile } from '../documents/nearest-file.js';
import { commitOf } from '../kernels/git-bisect.js';
import { expandPackageName } from '../kernels/packages/package-names.js';
import { UsageError } from '../model/errors.js';
import { sourceRef } from '../model/source-ref.js';
import {
  bisect as runBisect,
  name,
  soughtWords,
  type BisectAnswer,
  type Candidate,
} from '../pipeline/bisect.js';
import { makeRunDir } from '../pipeline/run.js';
import { runLock } from '../pipeline/run-folder.js';
import { exists, writeWhole } from '../system/files.js';
import { assertPlain } from '../system/plain-folder.js';
import { withLock } from '../system/lock.js';
import {
  openBisection,
  readBisectRecord,
  stepFolder,
  type BisectRecord,
  type Bisection,
} from './bisection.js';
import { cacheLimit, trimAfterRun } from './cache.js';
import { checkDevices, testCommit } from './commit-test.js';
import { resumeLine } from './execute.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

interface Options {
  readonly tree: string;
  readonly good?: string;
  readonly bad?: string;
  readonly packages?: readonly string[];
  readonly device?: string;
  readonly results: string;
  readonly resume?: string;
  readonly quiet: boolean;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `busyguest bisect`: the first commit or package that breaks the limit, or that keeps it again. 0: found and proven; 1: not. */
export async function bisect(options: Options): Promise<number> {
  const limit = cacheLimit();
  let left: string | undefined;
  return interruptible(
    async (signal) => {
      const dir = options.resume === undefined ? await begin(options, signal) : options.resume;
      left = resumeLine('bisect', dir);
      const record = await readRecord(dir);
      if (options.resume !== undefined) await assertPlain(dir);
      const waiting = (pid: number): void =>
        say(`process ${pid} is running this bisection; waiting for it to end`);
      const code = await withLock(runLock(dir), signal, waiting, async () => {
        const bisection = await openBisection(dir, record, signal);
        say(`${bisection.title}\nresults: ${dir}`);
        const test = (candidate: Candidate) => {
          const folder = join(dir, stepFolder(candidate));
          return testCommit(bisection.matrixOf(candidate), folder, options.quiet, signal);
        };
        const { candidates, expected } = bisection;
        const answer = await runBisect(candidates, test, say, signal, expected);
        return show(answer, bisection, dir, signal);
      });
      left = undefined;
      await trimAfterRun(limit, signal);
      return code;
    },
    () => left,
  );
}

async function begin(options: Options, signal: AbortSignal): Promise<string> {
  const { packages, device = deviceFor(packages) } = options;
  const common = { device, startedAt: new Date().toISOString() };
  const record = packages
    ? { ...common, packages: await packageNames(packages, options, signal) }
    : { ...common, ...(await commits(options, signal)) };
  await checkDevices([device]);
  const dir = await makeRunDir(options.results, 'bisect', new Date());
  await writeWhole(join(dir, 'bisect.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  return dir;
}

/** The first device of the architecture that the packages are for, by the name of the oldest. */
function deviceFor([oldest = '']: readonly string[] = []): string {
  const [device = ''] = architectureOfPackage(oldest).everyPath;
  return device;
}

async function commits({ good, bad, tree: given }: Options, signal: AbortSignal) {
  if (good === undefined || bad === undefined) {
    throw new UsageError(
      'bisect: --good REF and --bad REF are needed, or --packages, or --resume DIR',
    );
  }
  const tree = resolve(given);
  const [first, last] = [await commitOf(tree, good, signal), await commitOf(tree, bad, signal)];
  if (first.id === last.id) {
    throw new UsageError(`--good ${good} and --bad ${bad} are the same commit`);
  }
  return { tree, good: first, bad: last };
}

/** The packages in order, with paths that are whole. Throws UsageError, JobError. */
async function packageNames(
  given: readonly string[],
  { good, bad }: Options,
  signal: AbortSignal,
): Promise<string[]> {
  if (good !== undefined || bad !== undefined) {
    throw new UsageError(
      'bisect: --packages are tested from the oldest to the newest; leave out --good and --bad',
    );
  }
  const names: string[] = [];
  for (const one of given) {
    if (sourceRef(one).kind === 'debian') {
      names.push(...(await expandPackageName(one, signal)));
      continue;
    }
    const files = one.split(',').map((file) => resolve(file));
    for (const file of files) {
      if (await exists(file)) continue;
      throw new UsageError(await withNearestFile(file, `--packages: ${file}: no such file`));
    }
    names.push(files.join(','));
  }
  const twice = names.find((one, at) => names.indexOf(one) !== at);
  if (twice !== undefined) throw new UsageError(`--packages: ${twice} is named twice`);
  if (names.length < 2) throw new UsageError('bisect: --packages needs at least two, oldest first');
  return names;
}

async function readRecord(dir: string): Promise<BisectRecord> {
  const record = await readBisectRecord(join(dir, 'bisect.json'));
  if (record === undefined) {
    throw new UsageError(
      `--resume ${dir}: bisect.json is missing; it is not the folder of a bisection`,
    );
  }
  return record;
}

async function show(
  { end, sought, evidence, proven }: BisectAnswer,
  bisection: Bisection,
  dir: string,
  signal: AbortSignal,
): Promise<number> {
  const words = soughtWords[sought];
  const first = `first ${words.name} ${bisection.noun}`;
  if (end.kind === 'skipped') {
    say(`\nonly skipped ${bisection.noun}s are left; the ${first} is one of:`);
    for (const commit of end.among) say(`  ${name(commit)}`);
    return 1;
  }
  say(`\n${first}: ${end.first.id}\n${await bisection.describe(end.first, signal)}`);
  for (const { candidate } of evidence) say(`  ${join(dir, stepFolder(candidate))}`);
  const [found, before] = evidence.map(
    ({ candidate, result }) => `${name(candidate)} (${result.outcome})`,
  );
  if (proven) {
    say(
      `\nproven: ${found ?? ''} is the first that ${words.does}; ${before ?? ''} before it ${words.didBefore}`,
    );
    return 0;
  }
  const other = sought === 'bad' ? 'good' : 'bad';
  say(
    `\nnot proven: ${found ?? ''} should be ${sought}, and ${before ?? 'the one before it (there is none)'} ${other}`,
  );
  return 1;
}

/** Options and help of `busyguest bisect`. */
export const declare: Declare = (command) =>
  command
    .option('--tree <path>', 'git repository; it is only read', '.')
    .option('--good <ref>', 'a commit that keeps the limit')
    .option('--bad <ref>', 'a commit that breaks it')
    .option(
      '--packages <kernel...>',
      'bisect these packages instead, oldest first: debian:PACKAGE[@SUITE], where * matches any text; FILE or FILE,FILE',
    )
    .option(
      '--device <name>',
      `device to test on (default: ${usualDevice}, or one of the architecture of --packages)`,
    )
    .option('--resume <dir>', 'continue an interrupted bisection')
    .addOption(shared.results)
    .addOption(shared.quiet)
    .addHelpText(
      'after',
      `
One end must keep the limit and the other must break it. If the newer one breaks it, bisect finds the first commit or
package that breaks it. If the newer one keeps it, bisect finds the first that fixes it.

Examples:
  busyguest bisect --tree ~/linux --good v6.17 --bad v6.18
  busyguest bisect --tree ~/linux --good v7.3 --bad v7.2   # find the fix
  busyguest bisect --packages debian:linux-image-powerpc64le@trixie debian:linux-image-powerpc64le@sid
  busyguest bisect --packages 'debian:linux-image-*-powerpc64le@trixie' debian:linux-image-powerpc64le@sid`,
    )
    .action(exits(bisect));
