// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { architectureNamed } from '../architectures/architectures.js';
import { JobError, type Problem } from '../model/errors.js';
import type { KernelSpec } from '../model/job.js';
import { exists, projectDir } from '../system/files.js';
import { readInput } from '../system/input.js';
import { make, type Work } from './make.js';
import { readBuilt, writeForBuild } from './tree-file.js';
import { settings, wantedBy } from './fragment.js';
import { readKconfig } from './kconfig.js';
import { lostSymbols, outcome, unmet, type Line } from './lost-config.js';
import { missingConfig, readConfig } from './packages/config-check.js';

/** Where the fragments that ship are: names in a job matrix are files here. */
const fragmentsDir = join(projectDir, 'jobs', 'config');

/** A fragment of a kernel config, or a whole one, as it stands in its file. */
export interface Fragment {
  readonly file: string;
  readonly text: string;
  /** Whether it is one of busyguest's own. */
  readonly ships: boolean;
}

/** What a kernel is configured from: fragments over nothing, or over a full .config. */
export interface ConfigPlan {
  readonly full?: Fragment;
  readonly fragments: readonly Fragment[];
}

/** How Kconfig begins what it writes. */
const generated = /^#\n# Automatically generated file; DO NOT EDIT\./;

/** The most of a config that is read, bytes: a distribution's has 300,000. */
const mostBytes = 4 * 1024 ** 2;

/**
 * Reads fragments by name or path. A name is a file below jobs/config/, of the architecture, for every architecture, or
 * both. A file that stands alone, or a first one that Kconfig
 * has written, is a full .config. Throws JobError naming what is not there.
 */
export async function readConfigs({
  config,
  configIsFull,
  architecture,
}: Pick<KernelSpec, 'config' | 'configIsFull' | 'architecture'>): Promise<ConfigPlan> {
  const { name: arch } = architectureNamed(architecture);
  const problems: Problem[] = [];
  const files: Fragment[] = [];
  for (const name of config) {
    const places = [`${arch}/${name}.config`, `${name}.config`];
    const paths = name.includes('/') ? [name] : places.map((place) => join(fragmentsDir, place));
    const there: string[] = [];
    for (const file of paths) if (await exists(file)) there.push(file);
    for (const file of there) {
      const ships = file.startsWith(`${fragmentsDir}/`);
      files.push({ file, text: (await readInput(file, mostBytes)).toString('utf8'), ships });
    }
    if (there.length === 0)
      problems.push({ message: `config fragment ${name}: no file ${paths.at(-1)}` });
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

/** What the compiler decides, whatever a .config says. */
const ofCompiler = /^CONFIG_(?:CC|GCC|CLANG|LD|LLD|AS|RUSTC?|RUSTC_LLVM|PAHOLE|BINDGEN)_/;

/** Identity of a plan: the same for fragments that ask for the same, whatever their comments say. */
export function configIdentity({ full, fragments }: ConfigPlan): string[] {
  const lines = linesOf(fragments).map(({ name, value, or, orNothing }) =>
    JSON.stringify([name, value, or, orNothing]),
  );
  return [lines.join('\n'), ...(full ? ['full', full.text] : [])];
}

/** What the fragments ask for, the later of two lines for a symbol. Throws JobError for a line that cannot be read. */
function linesOf(fragments: readonly Fragment[]): Line[] {
  const lines = new Map<string, Line>();
  const problems: Problem[] = [];
  for (const { file, text, ships } of fragments) {
    try {
      for (const wanted of wantedBy(text).values()) {
        lines.set(wanted.name, { ...wanted, file: basename(file), ships });
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push({ message: `${file}: ${error.message}` });
    }
  }
  if (problems.length > 0) throw new JobError(problems);
  return [...lines.values()];
}

/**
 * Makes the .config of a kernel. Throws JobError for what a fragment asks for and must have (see `outcome`), and for a
 * full .config that the test cannot run with; BuildError. Gives facts: what there is instead, and what is not there.
 */
export async function configure(work: Work, plan: ConfigPlan): Promise<Record<string, string>> {
  const lines = linesOf(plan.fragments);
  const { finished, asked } = await obtain(work, plan, lines);
  const facts = await fragmentFacts(work, lines, finished);
  if (plan.full === undefined) return facts;
  return { ...facts, ...fullFacts(work, plan.full, asked, finished) };
}

interface Obtained {
  readonly finished: string;
  /** The names that were asked for besides a full .config. */
  readonly asked: ReadonlySet<string>;
}

/** Asks Kconfig, and again with the next alternative of each line that it did not take. */
async function obtain(work: Work, plan: ConfigPlan, lines: readonly Line[]): Promise<Obtained> {
  const taken = new Map<Line, number>();
  for (;;) {
    const settings = lines.map((line) => line.or[(taken.get(line) ?? 0) - 1] ?? line);
    const text = settings.map(({ name, value }) => `${name}=${value}\n`).join('');
    await ask(work, plan.full, text);
    const finished = (await readBuilt(work.obj, '.config')) ?? '';
    const next = unmet(lines, finished).filter(
      (line) =>
        unmet(line.or, finished).length === line.or.length &&
        (taken.get(line) ?? 0) < line.or.length,
    );
    if (next.length === 0) return { finished, asked: new Set(settings.map(({ name }) => name)) };
    for (const line of next) taken.set(line, (taken.get(line) ?? 0) + 1);
  }
}

async function ask(work: Work, full: Fragment | undefined, settings: string): Promise<void> {
  if (full === undefined) {
    const all = 'busyguest.config';
    await writeForBuild(work.obj, all, settings);
    await make(work, ['-s', 'allnoconfig'], { KCONFIG_ALLCONFIG: join(work.obj, all) });
  } else {
    // The later of two values wins.
    await writeForBuild(work.obj, '.config', `${full.text}\n${settings}`);
    await make(work, ['-s', 'olddefconfig']);
  }
}

/** Throws JobError for what must be there. */
async function fragmentFacts(
  { kernel, tree, log, toolchain: { architecture } }: Work,
  lines: readonly Line[],
  finished: string,
): Promise<Record<string, string>> {
  if (unmet(lines, finished).length === 0) return {};
  const kconfig = await readKconfig(tree, architecture);
  const { instead, lost, problems } = outcome(lines, finished, kconfig, architecture);
  if (problems.length > 0) {
    throw new JobError(
      problems.map((problem) => ({ ...problem, message: `kernel ${kernel}: ${problem.message}` })),
    );
  }
  log.push(...lost.map((line) => `not obtained: ${line}`));
  return {
    ...(instead.length > 0 && { kernel_config_instead: instead.join('; ') }),
    ...(lost.length > 0 && { kernel_config_missing: lost.join('; ') }),
  };
}

function fullFacts(
  { kernel, log, toolchain: { architecture } }: Work,
  full: Fragment,
  overridden: ReadonlySet<string>,
  finished: string,
): Record<string, string> {
  const missing = missingConfig(readConfig(finished), { architecture, modules: false });
  if (missing.length > 0) {
    const hint = `a fragment can mend it: config: [${basename(full.file)}, ./my.fragment]`;
    const message = (need: string): string => `kernel ${kernel}: ${full.file} lacks ${need}`;
    throw new JobError(missing.map((need) => ({ message: message(need), hint })));
  }
  const asked = settings(full.text);
  for (const name of asked.keys())
    if (overridden.has(name) || ofCompiler.test(name)) asked.delete(name);
  const text = [...asked].map(([name, value]) => `${name}=${value}`).join('\n');
  const lost = lostSymbols(text, finished);
  log.push(...lost.map((line) => `did not stick: ${line}`));
  const shown = lost.slice(0, 20).join('; ');
  const more = lost.length > 20 ? '; the others are in build.log' : '';
  return { kernel_config_lost: lost.length === 0 ? 'none' : `${lost.length}: ${shown}${more}` };
}
