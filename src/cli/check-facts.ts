// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { z } from 'zod';
import { settings } from '../kernels/fragment.js';
import { readConfigs } from '../kernels/config.js';
import { readMailsOf } from '../kernels/read-series.js';
import { answeredMail } from '../kernels/reply.js';
import type { Patch } from '../kernels/series.js';
import { isTarball } from '../kernels/tarball-source.js';
import { UsageError } from '../model/errors.js';
import type { JobMatrix } from '../model/job.js';
import { sourceRef } from '../model/source-ref.js';
import { version } from '../model/version.js';
import type { Base } from '../pipeline/check-series.js';
import type { MailFacts, MailReply } from '../reports/mail-facts.js';
import { exists, projectDir } from '../system/files.js';
import { readJsonIfThere } from '../system/input.js';
import { firstLine } from '../system/processes.js';
import { ownCommand, quoteWord } from '../system/shell-words.js';

/** What was asked for, as far as a reader of the mail has to ask for it again. */
export interface Asked {
  readonly tree: string;
  readonly each: boolean;
  readonly device?: readonly string[];
  readonly kselftest?: readonly string[];
}

const texts = z.array(z.string()).readonly();
const record: z.ZodType<MailFacts> = z.strictObject({
  base: z.string(),
  patches: z
    .array(z.strictObject({ subject: z.string(), file: z.string(), commit: z.string().optional() }))
    .readonly(),
  where: z.string(),
  command: z.string(),
  config: texts,
  version: z.string(),
  tester: z.string().optional(),
  reply: z
    .strictObject({
      from: z.string(),
      to: texts,
      cc: texts,
      subject: z.string(),
      messageId: z.string(),
      references: texts,
    })
    .optional(),
});

/** The most of a check.json that is read, bytes. */
const mostBytes = 4 * 1024 ** 2;

/**
 * check.json, which may be anybody's: its command goes into a mail, to be pasted, and is one of busyguest. Throws
 * UsageError where there is none, JobError.
 */
export async function readFacts(dir: string): Promise<MailFacts> {
  const found = await readJsonIfThere(join(dir, 'check.json'), record, mostBytes);
  if (found === undefined) {
    throw new UsageError(`${dir}: check.json is missing; it is not the folder of a check`);
  }
  return { ...found, command: ownCommand(found.command, 'check') ?? 'busyguest check' };
}

/**
 * What the mail about a check says beyond its results.
 * @param series paths that --series named; @param files of the patches in the run's folder, in order
 */
export async function factsOf(
  asked: Asked,
  base: Base,
  series: readonly string[],
  patches: readonly Patch[],
  files: readonly string[],
  signal: AbortSignal,
): Promise<Omit<MailFacts, 'config'>> {
  const reply = await replyTo(series, signal);
  const [name, address] = await Promise.all([gitConfig('user.name'), gitConfig('user.email')]);
  return {
    base: base.title,
    patches: patches.map(({ subject, name: own, commit }, index) => ({
      subject: subject ?? own,
      file: basename(files[index] ?? own),
      ...(commit !== undefined && { commit }),
    })),
    ...again(asked, base, reply),
    version: await ownVersion(),
    ...(name !== undefined && address !== undefined && { tester: `${name} <${address}>` }),
    ...(reply && { reply }),
  };
}

/** The options of the kernels' config, in their order. */
export async function configOf({ kernels }: JobMatrix): Promise<readonly string[]> {
  const [kernel] = kernels;
  if (!kernel) return [];
  const { fragments } = await readConfigs(kernel);
  const wanted = settings(fragments.map(({ text }) => text).join('\n'));
  return [...wanted].map(([name, value]) => {
    const short = name.replace(/^CONFIG_/, '');
    return value === 'y' ? short : `${short}=${value}`;
  });
}

/** The first series that came by mail is the one that is answered. */
async function replyTo(
  series: readonly string[],
  signal: AbortSignal,
): Promise<MailReply | undefined> {
  for (const path of series) {
    const found = answeredMail(await readMailsOf(path, signal), path);
    if (found) return found;
  }
  return undefined;
}

/** The command with what everybody has: commits, versions and message ids, no paths. */
function again(
  { tree, each, device, kselftest }: Asked,
  base: Base,
  reply: MailReply | undefined,
): Pick<MailFacts, 'where' | 'command'> {
  const id = reply?.messageId.replace(/^<|>$/g, '');
  const named = sourceRef(base.source).kind !== 'path';
  const own = isTarball(base.source) ? basename(base.source) : '.';
  const from = base.commit !== undefined ? '.' : named ? base.source : own;
  const words = ['busyguest', 'check', '--tree', from];
  if (base.commit !== undefined) words.push('--base', base.commit);
  words.push('--series', id ?? 'series.mbox');
  if (each) words.push('--each');
  if (device !== undefined) words.push('--device', device.join(','));
  if (kselftest !== undefined) words.push('--kselftest', kselftest.join(','));
  const clone = base.commit === undefined ? [] : ['in a clone of Linux that has the base'];
  const folder = own === '.' && base.commit === undefined && !named;
  const where = [
    ...clone,
    ...(folder ? [`with the tester's tree (${basename(tree)}) as the working directory`] : []),
    id === undefined ? 'with this series as series.mbox' : 'with b4, which fetches the series',
  ];
  return { where: where.join(', '), command: words.map(quoteWord).join(' ') };
}

/** The version, and the commit where busyguest runs from its repository. */
async function ownVersion(): Promise<string> {
  if (!(await exists(join(projectDir, '.git')))) return version;
  const commit = await firstLine(['git', '-C', projectDir, 'rev-parse', '--short=12', 'HEAD']);
  return commit === undefined ? version : `${version} (commit ${commit})`;
}

const gitConfig = (key: string): Promise<string | undefined> =>
  firstLine(['git', 'config', '--get', key]);
