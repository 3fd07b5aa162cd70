// SPDX-License-Identifier: MIT
import type { Command, Option } from 'commander';
import { valueOfArgument, valueOfOption, type Value } from './values.js';

/** An option as a shell completes it. */
export interface OptionWords {
  readonly long: string;
  readonly short?: string;
  readonly description: string;
  readonly value?: Value;
  /** Takes all words up to the next option. */
  readonly variadic: boolean;
  /** May stand there again. */
  readonly repeats: boolean;
}

/** A command as a shell completes it. */
export interface CommandWords {
  /** Its words, such as `devices check`; empty for busyguest itself. */
  readonly path: string;
  readonly description: string;
  readonly options: readonly OptionWords[];
  /** In their order; the last one again and again where `more`. */
  readonly values: readonly Value[];
  readonly more: boolean;
  readonly commands: readonly CommandWords[];
}

/** A command and all below it, as commander has them, without what its help does not show. */
export function grammarOf(command: Command, path = ''): CommandWords {
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    options: help.visibleOptions(command).flatMap(wordsOf),
    values: command.registeredArguments.map((argument) => valueOfArgument(path, argument)),
    more: command.registeredArguments.at(-1)?.variadic === true,
    commands: help
      .visibleCommands(command)
      .filter((one) => one.name() !== 'help')
      .map((one) => grammarOf(one, `${path} ${one.name()}`.trim())),
  };
}

function wordsOf(option: Option): readonly OptionWords[] {
  const { long, short, description, variadic } = option;
  if (long === undefined) return [];
  const value = valueOfOption(option);
  const repeats = variadic || option.parseArg !== undefined;
  return [
    { long, ...(short && { short }), description, ...(value && { value }), variadic, repeats },
  ];
}

/** The command and all below it, in one list. */
export const allCommands = (command: CommandWords): readonly CommandWords[] => [
  command,
  ...command.commands.flatMap(allCommands),
];

/** The first sentence of a description, short enough for a list; shells show one line. */
export function shortly(description: string): string {
  const [first = ''] = description.split(/[;:](?=\s)|\s\(/);
  return first.trim();
}
