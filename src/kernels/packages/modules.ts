// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Architecture } from '../../architectures/architecture.js';
import { JobError } from '../../model/errors.js';
import { writeStream } from './archive.js';
import { bounded } from './byte-reader.js';
import { decompressed } from './decompress.js';
import { moduleInfo, type ModuleInfo } from './modinfo.js';
import { moduleName } from './names.js';
import { limits, refusal, shown } from './refusal.js';

/** An unpacked module. */
export interface KernelModule {
  /** File name, with `.ko`. */
  readonly name: string;
  readonly path: string;
  readonly info: ModuleInfo;
}

/** `modules.dep`: the names of the modules that each module needs. */
export function readModulesDep(text: string): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [module, after] = line.split(':');
    if (module === undefined || after === undefined) continue;
    needs.set(moduleName(module), after.split(' ').filter(Boolean).map(moduleName));
  }
  return needs;
}

/**
 * The module and all that it needs, each after those it needs itself. `needsOf` gives undefined
 * for a module that is not there: its name is in `absent` then.
 */
export function loadOrder(
  module: string,
  needsOf: (name: string) => readonly string[] | undefined,
): { order: string[]; absent: string[] } {
  const order: string[] = [];
  const absent: string[] = [];
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const needs = needsOf(name);
    needs?.forEach(visit);
    (needs === undefined ? absent : order).push(name);
  };
  visit(module);
  return { order, absent };
}

/** Unpacks a module into `dir` and reads what it says of itself. Throws JobError when it is none for the architecture. */
export async function unpackModule(
  from: string,
  origin: string,
  dir: string,
  { architecture, signal }: { architecture: Architecture; signal: AbortSignal },
): Promise<KernelModule> {
  const name = `${moduleName(from)}.ko`;
  // The name goes into a list with a name a line, and onto the guest's console.
  if (!/^\w+\.ko$/.test(name)) throw refusal(origin, `the module name ${shown(name)} is not usual`);
  const path = join(dir, name);
  const bytes = decompressed(createReadStream(from), { file: origin, signal });
  await writeStream(path, bounded(bytes, limits.moduleBytes, origin), signal);
  const info = moduleInfo(await readFile(path));
  if (info === undefined) {
    const { word, debian } = architecture;
    const message = `${origin}: ${name} is not a kernel module for ${word}`;
    const hint = `give packages of the architecture ${debian} (${word})`;
    throw new JobError([{ message, hint }]);
  }
  return { name, path, info };
}
