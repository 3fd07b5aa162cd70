// SPDX-License-Identifier: MIT
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSeries } from '../../src/kernels/read-series.js';
import { rejectError, touchedFiles, trySeries, type Patch } from '../../src/kernels/series.js';
import { kernelSource } from '../../src/kernels/source.js';
import type { PinnedSource } from '../../src/kernels/pinned-source.js';
import { projectDir } from '../../src/system/files.js';
import { isJoinable, joinVariants, patchOf, type Variant } from './schemata.js';

/** The folder of the patches. */
export const mutantsDir = join(projectDir, 'test', 'mutants');

/** How a mutant is built and chosen: keys of a kernel in a job matrix. */
export interface MutantKernel {
  readonly patches: readonly string[];
  readonly 'command-line'?: readonly string[];
}

type Texts = ReadonlyMap<string, string>;

/**
 * Joins the patches of mutants into one that is put on top of the fix, and writes it into a folder. What cannot be
 * joined keeps its own patch, and so its own build. Throws JobError for a patch that does not apply.
 */
export async function joinMutants(
  sourceName: string,
  fixDir: string,
  names: readonly string[],
  dir: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, MutantKernel>> {
  const source = await kernelSource(sourceName).pin(signal, () => undefined);
  const fix = await readSeries(fixDir, signal);
  const own = names.map((name) => join(mutantsDir, `${name}.patch`));
  const variants: Variant[] = [];
  for (const [index, path] of own.entries()) {
    const series = await readSeries(path, signal);
    const files = await patched(source, fix, series, signal);
    variants.push({ number: index + 1, files });
  }
  const touched = [...new Set(variants.flatMap(({ files }) => [...files.keys()]))];
  const base = await textsOf(source, fix, touched, signal);
  const joinable = variants.filter((variant) => isJoinable(base, variant));
  const joined = join(dir, 'schemata.patch');
  await mkdir(dir, { recursive: true });
  await writeFile(joined, patchOf(base, joinVariants(base, joinable)));
  return new Map(
    names.map((name, index) => {
      const number = index + 1;
      const patch = own[index] ?? '';
      return joinable.some((variant) => variant.number === number)
        ? [name, { patches: [joined], 'command-line': [`mutant=${number}`] }]
        : [name, { patches: [patch] }];
    }),
  );
}

/** The files that a mutant changes, as they are with the fix and the mutant. */
async function patched(
  source: PinnedSource,
  fix: readonly Patch[],
  mutant: readonly Patch[],
  signal: AbortSignal,
): Promise<Texts> {
  const result = await trySeries(source, [...fix, ...mutant], signal);
  if (!result.applies) throw rejectError(mutant[0]?.name ?? '', result);
  const changed = new Set(await touchedFiles(mutant, signal));
  return new Map(
    [...result.files].flatMap(([name, file]) =>
      changed.has(name) && file !== undefined ? [[name, file.content.toString()]] : [],
    ),
  );
}

/** The same files without the mutant. */
async function textsOf(
  source: PinnedSource,
  fix: readonly Patch[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<Texts> {
  const result = await trySeries(source, fix, signal);
  if (!result.applies) throw rejectError('mutants', result);
  const found = await Promise.all(
    names.map(async (name): Promise<[string, string][]> => {
      const file = result.files.get(name) ?? (await source.readFile(name, signal));
      return file === undefined ? [] : [[name, file.content.toString()]];
    }),
  );
  return new Map(found.flat());
}
