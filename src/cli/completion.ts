// SPDX-License-Identifier: MIT
import { Argument } from 'commander';
import { exitCode } from '../model/errors.js';
import { fileFormatNames } from '../reports/files.js';
import { exits, type Declare } from './command.js';
import { grammarOf } from './completion/grammar.js';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** The completion script for a shell, made of the commands that there are. */
export async function completionScript(shell: Shell): Promise<string> {
  const { program } = await import('./program.js');
  const grammar = grammarOf(await program());
  const render = {
    bash: async () => (await import('./completion/bash.js')).bashCompletion,
    zsh: async () => (await import('./completion/zsh.js')).zshCompletion,
    fish: async () => (await import('./completion/fish.js')).fishCompletion,
  }[shell];
  return (await render())(grammar, fileFormatNames);
}

/** `busyguest completion SHELL`: prints the script that completes busyguest's words in a shell. */
export async function completion(shell: Shell): Promise<number> {
  process.stdout.write(await completionScript(shell));
  return exitCode.ok;
}

/** Options and help of `busyguest completion`. */
export const declare: Declare = (command) =>
  command
    .addArgument(new Argument('<shell>', 'shell').choices(shells))
    .addHelpText(
      'after',
      `
Examples:
  source <(busyguest completion bash)            # in ~/.bashrc
  source <(busyguest completion zsh)             # in ~/.zshrc, below compinit
  busyguest completion fish > ~/.config/fish/completions/busyguest.fish`,
    )
    .action(exits(completion));
