// SPDX-License-Identifier: MIT
import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { parseTarget, type Target } from '../labs/artefacts/target.js';
import { githubWorkflow, gitlabPipeline, type CiMatrix } from '../labs/ci.js';
import { kernelciFiles } from '../labs/kernelci.js';
import {
  bootMethod,
  deviceTypeOf,
  lavaBoots,
  parseBootMethod,
  parsePriority,
} from '../labs/lava/boot-methods.js';
import { UsageError } from '../model/errors.js';
import type { JobMatrix } from '../model/job.js';
import { kernelciSources, lavaSet, type LavaSet } from '../pipeline/lava/definitions.js';
import { lavaDefaults, type LavaOptions } from '../pipeline/lava/job.js';
import { progressReport } from '../reports/progress.js';
import { projectDir, writeWhole } from '../system/files.js';
import { matrixFile, readMatrix, type MatrixOptions } from './matrix.js';
import { interruptible } from './signals.js';
import { Option } from 'commander';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

interface Options extends MatrixOptions {
  readonly for: 'lava' | 'kernelci' | 'gitlab' | 'github';
  readonly out: string;
  readonly publish?: string;
  readonly url?: string;
  readonly boot: string;
  readonly deviceType?: string;
  readonly console: string;
  readonly tag?: readonly string[];
  readonly priority: string;
  readonly lab?: string;
  readonly quiet: boolean;
}

/** `busyguest generate`: a matrix as jobs of another system; runs nothing. */
export async function generate(named: string, options: Options): Promise<number> {
  const file = await matrixFile(named);
  const matrix = await readMatrix(file, options);
  const { out } = options;
  await mkdir(out, { recursive: true });
  if (options.for === 'lava') return forLava(matrix, options);
  if (options.for === 'kernelci') return forKernelci(matrix, options);
  const ci = ciMatrix(file, matrix);
  if (options.for === 'gitlab') await say(join(out, '.gitlab-ci.yml'), gitlabPipeline(ci));
  else await say(join(out, 'busyguest.yml'), githubWorkflow(ci));
  return 0;
}

async function say(path: string, text: string): Promise<void> {
  await writeWhole(path, text);
  process.stdout.write(`${path}\n`);
}

function ciMatrix(file: string, matrix: JobMatrix): CiMatrix {
  const path = relative(projectDir, resolve(file));
  if (path.startsWith('..')) {
    throw new UsageError(`generate: ${file} must lie in busyguest's folder, where CI finds it`);
  }
  return { file: path, devices: [...new Set(matrix.jobs.map(({ device }) => device))] };
}

async function forKernelci(matrix: JobMatrix, options: Options): Promise<number> {
  const { lab } = options;
  if (lab === undefined || !/^[a-z0-9][\w.-]*$/i.test(lab)) {
    throw new UsageError(
      'generate --for kernelci: --lab NAME is needed, one of runtimes: in its pipeline.yaml, such as lava-collabora',
    );
  }
  const sources = await interruptible((signal) =>
    kernelciSources(matrix, targetOf(options), signal),
  );
  const { jobs, template } = kernelciFiles(sources, lab);
  await say(join(options.out, 'jobs-busyguest.yaml'), jobs);
  await say(join(options.out, 'busyguest.jinja2'), template);
  return 0;
}

const targetOf = (options: Options): Target =>
  parseTarget(options.publish ?? join(options.out, 'artefacts'), options.url);

async function forLava(matrix: JobMatrix, options: Options): Promise<number> {
  const lava = lavaOptions(options);
  const target = targetOf(options);
  const progress = progressReport({
    stream: process.stderr,
    quiet: options.quiet,
    verbose: false,
  });
  return interruptible(async (signal) => {
    await using set = await lavaSet(matrix, lava, target, signal, (event) =>
      progress.onEvent?.(event),
    );
    await writeSet(set, lava, options.out);
    for (const job of set.left) {
      process.stderr.write(
        `busyguest: ${job.name}: left out: LAVA has no such device: ${job.device}\n`,
      );
    }
    if (target.kind === 'server') {
      process.stderr.write('busyguest: serving the artefacts until Ctrl-C\n');
      await new Promise<void>((resolve) => {
        // Something must keep Node.js waiting beside the server.
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    return 0;
  });
}

async function writeSet(set: LavaSet, lava: LavaOptions, out: string): Promise<void> {
  for (const { job, text } of set.definitions)
    await writeWhole(join(out, `${job.name}.yaml`), text);
  const artefacts = new Map(
    set.definitions.flatMap((one) => one.artefacts.map((artefact) => [artefact.name, artefact])),
  );
  const manifest = {
    schema: 1,
    artefacts: [...artefacts.values()],
    jobs: set.definitions.map(({ job, artefacts: own }) => ({
      file: `${job.name}.yaml`,
      job: job.name,
      kernel: job.kernel.name,
      device: job.device,
      test: job.test.name,
      expect: job.expect,
      artefacts: own.map(({ name }) => name),
    })),
  };
  await writeWhole(join(out, 'manifest.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const file of bootMethod(lava.boot).shipped) {
    await copyFile(join(projectDir, 'labs/lava', file), join(out, basename(file)));
  }
  process.stdout.write(
    `${set.definitions.length} jobs in ${out}; ${artefacts.size} artefacts, ${set.added} of them new: manifest.json\n`,
  );
}

function lavaOptions(options: Options): LavaOptions {
  const boot = parseBootMethod('--boot', options.boot, lavaBoots);
  const deviceType = deviceTypeOf(boot, '--device-type', options.deviceType);
  const priority = parsePriority('--priority', options.priority);
  const { console, tag = [] } = options;
  return { ...lavaDefaults, boot, deviceType, console, tags: tag, priority };
}

/** Options and help of `busyguest generate`. */
export const declare: Declare = (command) =>
  command
    .argument('<file>', 'job matrix: a file, or a name that "busyguest matrices" lists')
    .addOption(
      new Option('--for <system>', 'system that runs the jobs')
        .choices(['lava', 'kernelci', 'gitlab', 'github'])
        .makeOptionMandatory(),
    )
    .option('--out <dir>', 'folder for the files', 'generated')
    .option(
      '--publish <target>',
      'where to put the kernels and the image: DIR, HOST:DIR, http://ADDRESS:PORT of this machine (default: OUT/artefacts)',
    )
    .option('--url <url>', 'where workers find what --publish has put there')
    .addOption(
      new Option('--boot <method>', 'lava: how the machine gets its kernel')
        .choices(lavaBoots)
        .default(lavaDefaults.boot),
    )
    .option('--device-type <name>', "lava: the lab's name for this type of device")
    .option('--console <device>', 'lava: console of a real machine', lavaDefaults.console)
    .option(
      '--lab <name>',
      'kernelci: the runtime that runs the jobs, as its pipeline.yaml calls it',
    )
    .option('--tag <name...>', 'lava: tags that the device must have')
    .option('--priority <p>', 'lava: low, medium, high, or 0 to 100', String(lavaDefaults.priority))
    .addOption(shared.tree)
    .addOption(shared.set)
    .addOption(shared.filter)
    .addOption(shared.quiet)
    .addHelpText(
      'after',
      `
Examples:
  busyguest generate nightly --for lava --publish files.lab:/srv/www/bg --url https://files.lab/bg
  busyguest generate pre-pull --for lava --boot petitboot --publish http://10.0.0.5:8080
  busyguest generate pre-pull --for kernelci --lab lava-mylab --publish files.lab:/srv/www/bg --url https://files.lab/bg
  busyguest generate pre-pull --for gitlab`,
    )
    .action(exits(generate));
