// SPDX-License-Identifier: MIT
import type { Argument, Option } from 'commander';

/** What a value can be; each shell has a function for each of them. `text` is anything, and nothing is offered for it. */
export const valueKinds = [
  'file',
  'folder',
  'matrix',
  'shipped',
  'run',
  'unfinished',
  'job',
  'bundle',
  'kernel',
  'source',
  'series',
  'ref',
  'device',
  'devices',
  'reports',
  'text',
] as const;
export type ValueKind = (typeof valueKinds)[number];

/** A value of an option or argument: one of these words, or what a kind says. */
export interface Value {
  readonly kind: ValueKind;
  readonly words: readonly string[];
}

/** By the word for the value in the help. A word that is not here stands for a file, as it does for a shell. */
const byPlaceholder: Readonly<Record<string, ValueKind>> = {
  file: 'file',
  path: 'file',
  dir: 'folder',
  target: 'folder',
  where: 'folder',
  run: 'run',
  'run-a': 'run',
  'run-b': 'run',
  job: 'job',
  bundle: 'bundle',
  kernel: 'kernel',
  source: 'source',
  ref: 'ref',
  ...Object.fromEntries(
    [
      ...[
        'address',
        'command',
        'days',
        'device',
        'expression',
        'format',
        'how',
        'list',
        'method',
        'n',
        'name',
      ],
      ...['name=value', 'p', 'server', 'size', 'system', 'time', 'type', 'url', 'version', 'what'],
    ].map((word) => [word, 'text' as const]),
  ),
};

/** Options whose word says too little. */
const byOption: Readonly<Record<string, ValueKind>> = {
  '--device <list>': 'devices',
  '--device <name>': 'device',
  '--report <list>': 'reports',
  '--resume <dir>': 'unfinished',
  '--from <name>': 'shipped',
  '--series <path>': 'series',
  '--tree <path>': 'source',
};

/** Arguments whose word says too little, by the command. */
const byCommand: Readonly<Record<string, ValueKind>> = {
  run: 'matrix',
  plan: 'matrix',
  generate: 'matrix',
  'devices check': 'device',
};

/** The word for an option's value, without its brackets; undefined for one that takes none. */
const placeholderOf = ({ flags }: Option): string | undefined => /[<[]([a-z=-]+)/.exec(flags)?.[1];

/** What a word of the help stands for; undefined where the table has no such word. */
export const kindOfPlaceholder = (word: string): ValueKind | undefined => byPlaceholder[word];

/** What an option takes; undefined for a flag. */
export function valueOfOption(option: Option): Value | undefined {
  const placeholder = placeholderOf(option);
  if (placeholder === undefined) return undefined;
  const kind = byOption[`${option.long ?? ''} <${placeholder}>`] ?? kindOfPlaceholder(placeholder);
  return valueOf(kind, option.argChoices);
}

/** What an argument of a command is. @param path the command's words */
export const valueOfArgument = (path: string, argument: Argument): Value =>
  valueOf(byCommand[path] ?? kindOfPlaceholder(argument.name()), argument.argChoices);

const valueOf = (kind: ValueKind = 'file', words: readonly string[] = []): Value => ({
  kind: words.length > 0 ? 'text' : kind,
  words,
});
