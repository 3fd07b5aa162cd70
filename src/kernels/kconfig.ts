// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import type { Architecture } from '../architectures/architecture.js';
import { readBuilt } from './tree-file.js';

/** What a tree's Kconfig files say of a symbol. */
export interface KconfigSymbol {
  /** Whether a .config can set it; without a prompt other symbols and defaults decide. */
  readonly prompt: boolean;
  /** What it needs, as it is written: `depends on`, the condition of its prompt, the `if` around it. */
  readonly needs: readonly string[];
}

/** The symbols of a tree by name, without `CONFIG_`. */
export type Kconfig = ReadonlyMap<string, KconfigSymbol>;

/** More files than any tree has: a source line of one that includes itself ends here. */
const mostFiles = 20_000;
/** No symbol has so many conditions; what comes after them is left out. */
const mostNeeds = 500;

/**
 * Reads the Kconfig files that make would read for an architecture, from the top one along its `source` lines; none outside
 * of the tree. It looks at names, prompts and conditions only: what a value becomes, Kconfig itself is asked.
 */
export async function readKconfig(tree: string, { name: arch }: Architecture): Promise<Kconfig> {
  const symbols = new Map<string, KconfigSymbol>();
  const seen = new Set<string>();
  const queue = ['Kconfig'];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (seen.has(file) || seen.size >= mostFiles) continue;
    seen.add(file);
    const text = await readBuilt(tree, posix.normalize(file));
    if (text !== undefined) queue.push(...readFileOf(text, arch, symbols));
  }
  return symbols;
}

/** Adds a file's symbols; gives the files that it names. */
function readFileOf(text: string, arch: string, symbols: Map<string, KconfigSymbol>): string[] {
  const sources: string[] = [];
  const around: string[] = [];
  let name: string | undefined;
  let helpIndent: number | undefined;
  const add = (found: Partial<KconfigSymbol>): void => {
    if (name === undefined) return;
    const { prompt, needs } = symbols.get(name) ?? { prompt: false, needs: [] };
    const all = new Set([...needs, ...(found.needs ?? [])].slice(0, mostNeeds));
    symbols.set(name, { prompt: prompt || (found.prompt ?? false), needs: [...all] });
  };
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    if (line.trim() === '') continue;
    // A help text ends before the first line that is indented less than its own first line.
    const indent = indentOf(line);
    if (helpIndent === -1) helpIndent = indent;
    if (helpIndent !== undefined && indent > 0 && indent >= helpIndent) continue;
    helpIndent = undefined;
    const [, word = '', after = ''] = /^(-*\w+-*)(.*)/.exec(line.trim()) ?? [];
    const rest = after.trim();
    if (word === 'help' || word === '---help---') helpIndent = -1;
    else if (word === 'config' || word === 'menuconfig') {
      name = rest;
      add({ needs: around });
    } else if (word === 'if') {
      if (around.length >= mostNeeds) break;
      around.push(condition(rest));
    } else if (word === 'endif') around.pop();
    else if (word === 'source') {
      sources.push(rest.replaceAll(/["']/g, '').replaceAll('$(SRCARCH)', arch).trim());
    } else if (/^(?:choice|comment|menu|end\w+|mainmenu)$/.test(word)) name = undefined;
    else if (word === 'depends') add({ needs: [condition(rest.replace(/^on\s+/, ''))] });
    else if (/^(?:bool|tristate|string|int|hex|prompt)$/.test(word)) add(promptOf(rest));
  }
  return sources;
}

const indentOf = (line: string): number =>
  (/^\s*/.exec(line)?.[0] ?? '').replaceAll('\t', '        ').length;

const condition = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** A type without a text has no prompt; one with a text may have a condition. */
function promptOf(rest: string): Partial<KconfigSymbol> {
  const [, when] = /^(?:"(?:[^"\\]|\\.)*"|'[^']*')\s*(?:if\s(.*))?$/.exec(rest) ?? [null];
  if (!/^["']/.test(rest)) return {};
  return { prompt: true, needs: when === undefined || when === null ? [] : [condition(when)] };
}
