// SPDX-License-Identifier: MIT
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Option } from 'commander';
import { hintFor } from '../documents/nearest.js';
import { isGeneratorFile } from '../jobs/generator-file.js';
import { UsageError } from '../model/errors.js';
import { exists, projectDir } from '../system/files.js';
import { quoteWord } from '../system/shell-words.js';
import { exits, type Declare } from './command.js';
import { shippedMatrices, type ShippedMatrix } from './shipped-matrices.js';

/** `busyguest init [FILE]`: a copy of a job matrix that comes with busyguest, with the patches that it names. */
export async function init(
  file: string | undefined,
  { from }: { readonly from: string },
): Promise<number> {
  const shipped = await named(from);
  const ending = isGeneratorFile(shipped.file) ? '.job.ts' : '.yaml';
  const target = file ?? `busyguest${ending}`;
  if (!target.endsWith(ending))
    throw new UsageError(`init: ${target}: "${from}" is a file whose name ends in ${ending}`);
  const text = ownText(await readFile(shipped.file, 'utf8'), basename(target, ending));
  const patches = [...new Set(text.match(/\bpatches\/[\w.-]+/g) ?? [])];
  const made = [target, ...patches.map((path) => join(dirname(target), path))];
  for (const path of made)
    if (await exists(path))
      throw new UsageError(`init: ${path} is there already; nothing was written`);
  await mkdir(dirname(target), { recursive: true });
  for (const path of patches)
    await cp(join(projectDir, 'jobs', path), join(dirname(target), path), { recursive: true });
  await writeFile(target, text, { flag: 'wx' });
  const say = (line: string): boolean => process.stdout.write(`${line}\n`);
  for (const path of made) say(path);
  const word = quoteWord(target);
  const set = ending === '.yaml' ? '' : ' --set NAME=VALUE';
  say(`busyguest plan ${word}${set} shows what it means; busyguest run ${word}${set} does it.`);
  return 0;
}

async function named(name: string): Promise<ShippedMatrix> {
  const all = await shippedMatrices();
  const found = all.find((one) => one.name === name);
  if (found) return found;
  const names = all.map((one) => one.name);
  throw new UsageError(`init: --from ${name}: there is none; ${hintFor(name, names)}`);
}

/** The text with the schema where this computer has it, and with the file's name as its own where that can be one. */
function ownText(text: string, stem: string): string {
  const schema = join(projectDir, 'docs', 'job-matrix.schema.json');
  const withSchema = text.replace(/^(# yaml-language-server: \$schema=).*$/m, `$1${schema}`);
  return /^[a-z0-9][a-z0-9._-]*$/.test(stem)
    ? withSchema.replace(/^name: .*$/m, `name: ${stem}`)
    : withSchema;
}

/** Options and help of `busyguest init`. */
export const declare: Declare = (command) =>
  command
    .argument('[file]', 'file to write (default: busyguest.yaml)')
    .addOption(
      new Option('--from <name>', 'what to begin with; "busyguest matrices" lists them').default(
        'smoke',
      ),
    )
    .addHelpText(
      'after',
      `
The folders of patches that the matrix names are copied beside it. What is there already is never overwritten.

Examples:
  busyguest init
  busyguest init tests/my.yaml --from nightly`,
    )
    .action(exits(init));
