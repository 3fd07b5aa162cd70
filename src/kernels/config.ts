// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JobError, type Problem } from '../model/errors.js';
import { exists, projectDir } from '../system/files.js';

/** Where the fragments that ship are: names in a job file are files here. */
const fragmentsDir = join(projectDir, 'jobs', 'config');

/** A fragment of a kernel config, as it stands in its file. */
export interface Fragment {
  readonly file: string;
  readonly text: string;
}

/** Reads fragments by name (jobs/config/NAME.config) or path. Throws JobError naming what is not there. */
export async function readFragments(config: readonly string[]): Promise<Fragment[]> {
  const problems: Problem[] = [];
  const fragments: Fragment[] = [];
  for (const name of config) {
    const file = name.includes('/') ? name : join(fragmentsDir, `${name}.config`);
    if (await exists(file)) fragments.push({ file, text: await readFile(file, 'utf8') });
    else problems.push({ message: `config fragment ${name}: no file ${file}` });
  }
  if (problems.length > 0) throw new JobError(problems);
  return fragments;
}

/** The symbols that fragments ask for: name -> value as .config writes it ("n" for not set). Later ones win. */
export function wantedSymbols(text: string): Map<string, string> {
  const wanted = new Map<string, string>();
  for (const line of text.split('\n')) {
    const set = /^(CONFIG_\w+)=(.*)$/.exec(line);
    const unset = /^# (CONFIG_\w+) is not set$/.exec(line);
    if (set?.[1] !== undefined) wanted.set(set[1], set[2] ?? '');
    else if (unset?.[1] !== undefined) wanted.set(unset[1], 'n');
  }
  return wanted;
}

/** The symbols of a fragment that a finished .config does not have: `CONFIG_X: wanted y, is n`. */
export function lostSymbols(fragment: string, finished: string): string[] {
  const has = wantedSymbols(finished);
  return [...wantedSymbols(fragment)]
    .filter(([name, value]) => (has.get(name) ?? 'n') !== value)
    .map(([name, value]) => `${name}: wanted ${value}, is ${has.get(name) ?? 'n'}`);
}

/** Writes the fragments as one file for KCONFIG_ALLCONFIG, each symbol once. */
export async function writeAllConfig(
  fragments: readonly Fragment[],
  path: string,
): Promise<string> {
  const symbols = wantedSymbols(fragments.map((f) => f.text).join('\n'));
  const text = [...symbols].map(([name, value]) => `${name}=${value}\n`).join('');
  await writeFile(path, text);
  return text;
}

/** The error for symbols that did not stick after olddefconfig. */
export function lostError(
  kernel: string,
  fragments: readonly Fragment[],
  lost: string[],
): JobError {
  const files = fragments.map((f) => basename(f.file)).join(', ');
  return new JobError(
    lost.map((symbol) => ({
      message: `kernel ${kernel}: ${symbol}`,
      hint: `${files} asks for it, but this tree's Kconfig does not let it be so (renamed, or a dependency is off)`,
    })),
  );
}
