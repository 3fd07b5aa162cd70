// SPDX-License-Identifier: MIT
import type { EventEmitter } from 'node:events';
import type { Command } from 'commander';
import { version } from '../../model/version.js';
import { header, lines, paragraph, rows, section, escape } from './roff.js';
import { environment, exitRows, files, type Row } from './tables.js';

/** A page of the manual: the name of its file and its text in roff. */
export interface ManualPage {
  readonly file: string;
  readonly text: string;
}

/** The page of busyguest, and one for each of its commands. @param date of the pages, as 2026-11-28 */
export function manualPages(root: Command, date: string): readonly ManualPage[] {
  const commands = visibleCommands(root);
  return [root, ...commands].map((command) => {
    const name = pageOf(command);
    return { file: `${name}.1`, text: pageText(command, name, date, commands) };
  });
}

const visibleCommands = (command: Command): readonly Command[] =>
  command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help');

const wordsOf = (command: Command): string =>
  command.parent ? `${wordsOf(command.parent)} ${command.name()}` : command.name();

const pageOf = (command: Command): string => wordsOf(command).replaceAll(' ', '-');

function pageText(command: Command, name: string, date: string, all: readonly Command[]): string {
  const own = visibleCommands(command);
  const [before, examples] = textBelow(command);
  const path = wordsOf(command).split(' ').slice(1).join(' ');
  const others = ['busyguest', ...all.map(pageOf)].filter((one) => one !== name).sort();
  return [
    '.\\" SPDX-License-Identifier: MIT\n',
    header(name, date, version),
    section('NAME', `${escape(name)} \\- ${escape(short(command.description()))}\n`),
    section('SYNOPSIS', [command, ...own].map(synopsis).join('.br\n')),
    section('DESCRIPTION', [sentence(command.description()), ...before].map(paragraph).join('')),
    section('COMMANDS', command.parent ? own.map(subcommand).join('') : rows(own.map(commandRow))),
    section('OPTIONS', options(command)),
    section('EXIT STATUS', rows(exitRows(path))),
    section('EXAMPLES', examples === '' ? '' : lines(examples)),
    section('FILES', rows(files)),
    section('ENVIRONMENT', rows(environment)),
    section('SEE ALSO', `${others.map((one) => `.BR ${escape(one)} (1)`).join(' ,\n')}\n`),
  ].join('');
}

/** What whatis(1) shows has no full stop and is one line. */
const short = (text: string): string => text.replace(/\.$/, '');

const sentence = (text: string): string => {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.:!?]$/.test(capital) ? capital : `${capital}.`;
};

function synopsis(command: Command): string {
  return `.B ${escape(wordsOf(command))}\n${escape(command.usage())}\n`;
}

const commandRow = (command: Command): Row => [
  command.name(),
  `${sentence(command.description())} See ${pageOf(command)}(1).`,
];

/** A command of a command has no page of its own. */
function subcommand(command: Command): string {
  const [before, examples] = textBelow(command);
  return [
    rows([[command.name(), sentence(command.description())]]),
    '.RS\n',
    options(command),
    ...before.map(paragraph),
    examples === '' ? '' : lines(examples),
    '.RE\n',
  ].join('');
}

function options(command: Command): string {
  const help = command.createHelp();
  const describe = (text: string): string => text.replace(/ \(default: false\)$/, '');
  return rows([
    ...help
      .visibleArguments(command)
      .map((one): Row => [help.argumentTerm(one), help.argumentDescription(one)]),
    ...help
      .visibleOptions(command)
      .map((one): Row => [help.optionTerm(one), describe(help.optionDescription(one))]),
  ]);
}

/** What stands below the options in the help: paragraphs, and the examples. */
function textBelow(command: Command): readonly [readonly string[], string] {
  let text = '';
  // What addHelpText() listens for; commander's types do not say that its commands are emitters.
  (command as unknown as EventEmitter).emit('afterHelp', {
    error: false,
    command,
    write: (part: string) => (text += part),
  });
  const [before = '', after = ''] = text.split(/^Examples?:\n/m);
  const [examples = ''] = after.split(/\n\n/);
  const paragraphs = before.split(/\n\n/).map((one) => oneLine(one));
  return [paragraphs.filter(Boolean), examples.replace(/^ {2}/gm, '').trimEnd()];
}

const oneLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .join(' ')
    .trim();
