// SPDX-License-Identifier: MIT
import type { KernelSpec } from '../model/job.js';
import type { Fragment } from './config.js';
import type { PinnedSource } from './pinned-source.js';
import { touchedFiles, trySeries, type Patch } from './series.js';
import type { TreeFile } from './tree-file.js';

/**
 * The config fragments of a tree that a kernel is to have, as its patches leave them. They were written for kernels
 * with modules, and over a larger config: `=m` becomes `=y`, and the kernel goes without what Kconfig does not accept.
 */
export async function treeFragments(
  { treeConfig = [] }: KernelSpec,
  source: PinnedSource,
  patches: readonly Patch[],
  signal: AbortSignal,
): Promise<Fragment[]> {
  if (treeConfig.length === 0) return [];
  const touched = await touchedFiles(patches, signal);
  const isTouched = treeConfig.some((path) => touched.includes(path));
  const result = isTouched ? await trySeries(source, patches, signal) : undefined;
  const patched: ReadonlyMap<string, TreeFile | undefined> =
    result?.applies === true ? result.files : new Map();
  const fragments: Fragment[] = [];
  for (const path of treeConfig) {
    const file = patched.has(path) ? patched.get(path) : await source.readFile(path, signal);
    if (file !== undefined) {
      fragments.push({ file: path, text: linesOf(String(file.content)), ships: true });
    }
  }
  return fragments;
}

const set = /^(CONFIG_\w+)=([^\s"]\S*|"[^"]*")\s*(?:#|$)/;

function linesOf(text: string): string {
  const lines = text.split('\n').flatMap((line) => {
    const [, name, value] = set.exec(line.trim()) ?? [];
    if (name === undefined || value === undefined) return [];
    return [`${name}=${value === 'm' ? 'y' : value} # or nothing`];
  });
  return lines.join('\n');
}
