// SPDX-License-Identifier: MIT
import { randomBytes } from 'node:crypto';
import { Option, type Command } from 'commander';
import { parseTarget } from '../labs/artefacts/target.js';
import {
  bootMethod,
  deviceTypeOf,
  lavaBoots,
  parseBootMethod,
  parsePriority,
} from '../labs/lava/boot-methods.js';
import { lavaIdentity } from '../labs/lava/identity.js';
import { UsageError } from '../model/errors.js';
import { lavaDefaults } from '../pipeline/lava/job.js';
import type { LavaRunOptions } from '../pipeline/lava/lab.js';
import { collect } from './shared-options.js';

/** The options of `run` that are about a LAVA lab, as they were given: run.json keeps them for --resume. */
export interface LavaFlags {
  /** URL or name of an identity. */
  readonly lava: string;
  readonly runId?: string;
  readonly publish?: string;
  readonly url?: string;
  readonly inFlight?: string;
  readonly lavaPriority?: string;
  readonly lavaTag?: readonly string[];
  readonly lavaType?: string;
  readonly lavaBoot?: string;
  readonly queueS?: string;
  readonly deadlineS?: string;
}

const defaultQueueS = 3600;
const defaultInFlight = 16;
/** The ways to boot that a run can take. */
const ours = lavaBoots.filter((one) => bootMethod(one).isRun);

/** Adds the options of a run in a lab. None has a default here: run.json keeps what was given. */
export const addLavaOptions = (command: Command): Command =>
  command
    .optionsGroup('In a LAVA lab:')
    .option('--lava <server>', 'run in a LAVA lab: its URL, or an identity of lavacli')
    .option(
      '--publish <where>',
      'where its workers fetch kernels: DIR, HOST:DIR (rsync), http://ADDRESS:PORT of this machine (default: this process serves them)',
    )
    .option('--url <url>', 'where workers find what --publish has put there')
    .option('--in-flight <n>', `jobs in the lab at once (default: ${defaultInFlight})`)
    .option('--lava-type <type>', 'LAVA device type (default: what --lava-boot says)')
    .option(
      '--lava-boot <how>',
      `${ours.slice(0, -1).join(', ')} or ${ours.at(-1) ?? ''} (default: ${lavaDefaults.boot})`,
    )
    .addOption(new Option('--lava-tag <list>', 'only devices with these tags').argParser(collect))
    .option(
      '--lava-priority <n>',
      `low, medium, high or 0 to 100 (default: ${lavaDefaults.priority})`,
    )
    .option('--queue-s <n>', `seconds that a job may wait for a device (default: ${defaultQueueS})`)
    .option('--deadline-s <n>', 'seconds for the whole run (default: none)');

/** Picks them out of all options; undefined where the run is on this machine. */
export function lavaFlags(options: Partial<LavaFlags>): LavaFlags | undefined {
  const { lava } = options;
  if (lava === undefined) return undefined;
  const { publish, url, inFlight, lavaPriority, lavaTag, lavaType, lavaBoot, queueS, deadlineS } =
    options;
  const given = {
    publish,
    url,
    inFlight,
    lavaPriority,
    lavaTag,
    lavaType,
    lavaBoot,
    queueS,
    deadlineS,
  };
  const runId = randomBytes(4).toString('hex');
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { lava, runId, ...(Object.fromEntries(set) as Partial<LavaFlags>) };
}

/** Jobs in the lab at once. Throws UsageError. */
export function inFlight(flags: LavaFlags): number {
  return whole('--in-flight', flags.inFlight, defaultInFlight, 10_000);
}

/** Reads them, with the token from the environment or from lavacli's file. Throws UsageError. */
export async function lavaRunOptions(flags: LavaFlags): Promise<LavaRunOptions> {
  const { publish, url, lavaTag, lavaType, deadlineS } = flags;
  const boot = parseBootMethod('--lava-boot', flags.lavaBoot ?? lavaDefaults.boot, ours);
  if (url !== undefined && publish === undefined) throw new UsageError('--url needs --publish');
  return {
    ...lavaDefaults,
    identity: await lavaIdentity(flags.lava),
    runId: flags.runId ?? '',
    boot,
    deviceType: deviceTypeOf(boot, '--lava-type', lavaType),
    priority: parsePriority('--lava-priority', flags.lavaPriority ?? String(lavaDefaults.priority)),
    tags: lavaTag ?? [],
    ...(publish !== undefined && { publish: parseTarget(publish, url) }),
    queueMs: whole('--queue-s', flags.queueS, defaultQueueS, 1_000_000) * 1000,
    ...(deadlineS !== undefined && {
      runMs: whole('--deadline-s', deadlineS, 0, 1_000_000) * 1000,
    }),
  };
}

function whole(option: string, text: string | undefined, standard: number, most: number): number {
  if (text === undefined) return standard;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new UsageError(`${option} ${text}: a number from 1 to ${most} is needed`);
  }
  return value;
}
