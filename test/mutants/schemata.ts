// SPDX-License-Identifier: MIT
// Many kernels in one: every function that a patch changes is there once more for it, and mutant=N on the kernel's
// command line chooses. So a hundred wrong kernels cost one build ("mutant schemata": Untch, Offutt and Harrold, 1993).
import { functionsOf, parametersOf, textBetween, type CFunction } from './c-functions.js';

/** A changed kernel: its files' text by name, and the number that chooses it. */
export interface Variant {
  readonly number: number;
  readonly files: ReadonlyMap<string, string>;
}

const variable = 'busyguest_mutant';
const parameter = `
int ${variable};
static int __init ${variable}_setup(char *text)
{
	return kstrtoint(text, 0, &${variable});
}
early_param("mutant", ${variable}_setup);
`;

/** Whether a variant changes nothing but functions: data, macros and headers cannot be chosen at boot. */
export function isJoinable(base: ReadonlyMap<string, string>, variant: Variant): boolean {
  return [...variant.files].every(([name, text]) => {
    const old = base.get(name);
    if (old === undefined || !name.endsWith('.c')) return false;
    return textBetween(old, functionsOf(old)) === textBetween(text, functionsOf(text));
  });
}

/** Joins variants that are joinable into the base's files; without mutant=N they do what the base does. */
export function joinVariants(
  base: ReadonlyMap<string, string>,
  variants: readonly Variant[],
): Map<string, string> {
  const names = [...new Set(variants.flatMap(({ files }) => [...files.keys()]))].sort();
  return new Map(
    names.map((name, index) => {
      const joined = joinFile(base.get(name) ?? '', name, variants);
      const declared = joined.replace('#include', `extern int ${variable};\n#include`);
      return [name, index === 0 ? declared + parameter : declared];
    }),
  );
}

/** What is put before a function, and the cases at its beginning. */
interface Addition {
  readonly copies: string[];
  readonly cases: string[];
}

function joinFile(text: string, name: string, variants: readonly Variant[]): string {
  const functions = functionsOf(text);
  const additions = new Map<CFunction, Addition>();
  for (const { number, files } of variants) {
    const changed = files.get(name);
    if (changed !== undefined) addVariant(text, functions, changed, number, additions);
  }
  let joined = text;
  for (const old of [...functions].reverse()) {
    const added = additions.get(old);
    if (added === undefined) continue;
    joined = [
      joined.slice(0, old.start),
      ...added.copies,
      joined.slice(old.start, old.body),
      `{\n\tswitch (${variable}) {\n${added.cases.join('')}\tdefault:\n\t\tbreak;\n\t}\n`,
      joined.slice(old.body + 2),
    ].join('');
  }
  return joined;
}

function addVariant(
  text: string,
  functions: readonly CFunction[],
  changed: string,
  number: number,
  additions: Map<CFunction, Addition>,
): void {
  const known = new Set(functions.map(({ name }) => name));
  const own = functionsOf(changed);
  const renames = own.filter(({ name }) => !known.has(name)).map(({ name }) => name);
  const renamed = (code: string): string =>
    renames.reduce((out, name) => out.replace(word(name), `${name}_m${number}`), code);
  let helpers = own
    .filter(({ name }) => !known.has(name))
    .map(({ start, end }) => `${renamed(changed.slice(start, end))}\n`);
  const kept = own.filter(({ name }) => known.has(name));
  kept.forEach(({ name, start, body, end }, index) => {
    const old = functions[index];
    if (old === undefined || text.slice(old.start, old.end) === changed.slice(start, end)) return;
    const head = changed.slice(start, body);
    const call = `${name}_m${number}(${parametersOf(head, name).join(', ')})`;
    const added = additions.get(old) ?? { copies: [], cases: [] };
    additions.set(old, added);
    added.copies.push(
      ...helpers,
      copyOf(head, name, number),
      `${renamed(changed.slice(body, end))}\n`,
    );
    helpers = [];
    const isVoid = new RegExp(`\\bvoid\\s+${name}\\b`).test(head);
    added.cases.push(
      `\tcase ${number}:\n`,
      isVoid ? `\t\t${call};\n\t\treturn;\n` : `\t\treturn ${call};\n`,
    );
  });
}

const word = (name: string): RegExp => new RegExp(`\\b${name}\\b`, 'g');

function copyOf(head: string, name: string, number: number): string {
  const renamed = head.replace(new RegExp(`\\b${name}\\b`), `${name}_m${number}`);
  return /^\s*static\b/.test(renamed) ? renamed : `static ${renamed}`;
}

/** A patch that replaces whole files. */
export function patchOf(
  base: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
): string {
  return [...files]
    .map(([name, text]) => {
      const [old, next] = [base.get(name) ?? '', text].map((whole) => whole.trimEnd().split('\n'));
      return [
        `--- a/${name}`,
        `+++ b/${name}`,
        `@@ -1,${old?.length} +1,${next?.length} @@`,
        ...(old ?? []).map((line) => `-${line}`),
        ...(next ?? []).map((line) => `+${line}`),
        '',
      ].join('\n');
    })
    .join('');
}
