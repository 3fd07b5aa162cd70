// SPDX-License-Identifier: MIT
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JobError, type Problem } from '../model/errors.js';
import type { KernelSpec } from '../model/job.js';
import { exists, projectDir } from '../system/files.js';
import { make, type Work } from './make.js';
import { missingConfig, readConfig } from './packages/config-check.js';

/** Where the fragments that ship are: names in a job matrix are files here. */
const fragmentsDir = join(projectDir, 'jobs', 'config');

/** A fragment of a kernel config, or a whole one, as it stands in its file. */
export interface Fragment {
  readonly file: string;
  readonly text: string;
}

/** What a kernel is configured from: fragments over nothing, or over a full .config. */
export interface ConfigPlan {
  readonly full?: Fragment;
  readonly fragments: readonly Fragment[];
}

/** How Kconfig begins what it writes. */
const generated = /^#\n# Automatically generated file; DO NOT EDIT\./;

/**
 * Reads fragments by name (jobs/config/NAME.config) or path. A file that stands alone, or a first one that Kconfig
 * has written, is a full .config. Throws JobError naming what is not there.
 */
export async function readConfigs({
  config,
  configIsFull,
}: Pick<KernelSpec, 'config' | 'configIsFull'>): Promise<ConfigPlan> {
  const problems: Problem[] = [];
  const files: Fragment[] = [];
  for (const name of config) {
    const file = name.includes('/') ? name : join(fragmentsDir, `${name}.config`);
    if (await exists(file)) files.push({ file, text: await readFile(file, 'utf8') });
    else problems.push({ message: `config fragment ${name}: no file ${file}` });
  }
  if (problems.length > 0) throw new JobError(problems);
  const [first, ...rest] = files;
  if (first === undefined) return { fragments: [] };
  const late = rest.filter(({ text }) => generated.test(text));
  if (late.length > 0) {
    const hint = 'a full .config comes first; fragments change it';
    throw new JobError(late.map(({ file }) => ({ message: `${file} is a full .config`, hint })));
  }
  return configIsFull || generated.test(first.text)
    ? { full: first, fragments: rest }
    : { fragments: files };
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

/** What the compiler decides, whatever a .config says. */
const ofCompiler = /^CONFIG_(?:CC|GCC|CLANG|LD|LLD|AS|RUSTC?|RUSTC_LLVM|PAHOLE|BINDGEN)_/;

/**
 * Makes the .config of a kernel. Throws JobError for a symbol of a fragment that does not stick, and for a full
 * .config that the test cannot run with; BuildError. Gives facts: of a full one, what did not stick.
 */
export async function configure(work: Work, plan: ConfigPlan): Promise<Record<string, string>> {
  const wanted = plan.fragments.map(({ text }) => text).join('\n');
  const symbols = [...wantedSymbols(wanted)].map(([name, value]) => `${name}=${value}\n`).join('');
  const file = join(work.obj, '.config');
  if (plan.full === undefined) {
    const all = join(work.obj, 'busyguest.config');
    await writeFile(all, symbols);
    await make(work, ['-s', 'allnoconfig'], { KCONFIG_ALLCONFIG: all });
  } else {
    // The later of two values wins.
    await writeFile(file, `${plan.full.text}\n${symbols}`);
    await make(work, ['-s', 'olddefconfig']);
  }
  const finished = await readFile(file, 'utf8');
  const lost = lostSymbols(symbols, finished);
  if (lost.length > 0) throw lostError(work.kernel, plan.fragments, lost);
  return plan.full === undefined ? {} : fullFacts(work, plan.full, symbols, finished);
}

function fullFacts(
  { kernel, log }: Work,
  full: Fragment,
  overridden: string,
  finished: string,
): Record<string, string> {
  const missing = missingConfig(readConfig(finished), { modules: false });
  if (missing.length > 0) {
    const hint = `a fragment can mend it: config: [${basename(full.file)}, ./my.fragment]`;
    const message = (need: string): string => `kernel ${kernel}: ${full.file} lacks ${need}`;
    throw new JobError(missing.map((need) => ({ message: message(need), hint })));
  }
  const asked = wantedSymbols(full.text);
  for (const name of wantedSymbols(overridden).keys()) asked.delete(name);
  for (const name of asked.keys()) if (ofCompiler.test(name)) asked.delete(name);
  const text = [...asked].map(([name, value]) => `${name}=${value}`).join('\n');
  const lost = lostSymbols(text, finished);
  log.push(...lost.map((line) => `did not stick: ${line}`));
  const shown = lost.slice(0, 20).join('; ');
  const more = lost.length > 20 ? '; the others are in build.log' : '';
  return { kernel_config_lost: lost.length === 0 ? 'none' : `${lost.length}: ${shown}${more}` };
}

/** The error for symbols that did not stick after olddefconfig. */
function lostError(kernel: string, fragments: readonly Fragment[], lost: string[]): JobError {
  const files = fragments.map((f) => basename(f.file)).join(', ');
  return new JobError(
    lost.map((symbol) => ({
      message: `kernel ${kernel}: ${symbol}`,
      hint: `${files} asks for it, but this tree's Kconfig does not let it be so (renamed, or a dependency is off)`,
    })),
  );
}
