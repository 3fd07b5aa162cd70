// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from '../integration/cli.js';

/** A shell with the completion script loaded, on a terminal of its own. */
export interface Shell {
  readonly name: 'bash' | 'zsh' | 'fish';
  /** What it reads before it asks for the first command. */
  readonly setup: (script: string) => readonly string[];
  readonly argv: readonly string[];
  /** Keys that put every completion of the word at the cursor into the line. */
  readonly all: string;
}

// Says the words that it gets, so that no echo of a command line looks like it.
const say = String.raw`printf '\074\074'; printf '%s|' "$@"; printf '\076\076\n'`;

export const shells: readonly Shell[] = [
  {
    name: 'bash',
    argv: ['bash', '--norc', '--noprofile', '-i'],
    setup: (script) => [`say() { ${say}; }`, `. ${script}`],
    all: '\x1b*',
  },
  {
    name: 'zsh',
    argv: ['zsh', '-f', '-i'],
    setup: (script) => [
      `say() { ${say} }`,
      'autoload -Uz compinit && compinit -u -D',
      'zle -C all-matches complete-word _generic',
      "bindkey '^Xa' all-matches",
      "zstyle ':completion:all-matches:*' completer _all_matches _complete",
      "zstyle ':completion:all-matches:*' insert true",
      `. ${script}`,
    ],
    all: '\x18a',
  },
  {
    name: 'fish',
    argv: ['fish', '--no-config', '-i'],
    setup: (script) => [
      String.raw`function say; printf '\074\074'; printf '%s|' $argv; printf '\076\076\n'; end`,
      `. ${script}`,
    ],
    all: '',
  },
];

/** Why a shell cannot be tried here, or false. */
export const whyNot = ({ name }: Shell): string | false =>
  spawnSync(name, ['-c', 'true']).status === 0 ? false : `${name} is not installed`;

/** A folder of the environment's PATH in which `busyguest` is the program of this tree. */
export function programFolder(dir: string): string {
  const bin = join(dir, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = join(bin, 'busyguest');
  writeFileSync(
    program,
    `#!/bin/sh\nexec '${process.execPath}' '${project}/bin/busyguest.mjs' "$@"\n`,
  );
  chmodSync(program, 0o755);
  return bin;
}

/** A shell on a terminal (script of util-linux) in a folder. */
export class Terminal implements AsyncDisposable {
  private output = '';
  private ended = false;
  private heard: () => void = () => {};
  private readonly child;

  constructor(
    private readonly shell: Shell,
    script: string,
    cwd: string,
    bin: string,
  ) {
    const setup = join(cwd, `.setup-${shell.name}`);
    writeFileSync(setup, `${shell.setup(script).join('\n')}\n`);
    this.child = spawn('script', ['-qec', shell.argv.join(' '), '/dev/null'], {
      cwd,
      env: {
        HOME: cwd,
        PATH: `${bin}:/usr/bin:/bin`,
        TERM: 'xterm',
        LANG: 'C.UTF-8',
        COLUMNS: '400',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.child.stdout.on('data', (chunk: Buffer) => {
      this.output += chunk.toString('utf8');
      this.heard();
    });
    this.child.once('close', () => {
      this.ended = true;
      this.heard();
    });
    this.child.stdin.write(`. ${setup}\r`);
  }

  /** The words of the line after `keys` were typed. */
  async words(keys: string): Promise<readonly string[]> {
    return (await this.said(`${keys}\x01say \x05\r`)).slice(1);
  }

  /** What is offered for the last word of a line, sorted. */
  async offers(line: string): Promise<readonly string[]> {
    if (this.shell.name === 'fish') {
      const words = await this.said(`say (complete -C '${line}' | string replace -r '\\t.*' '')\r`);
      return [...words].sort();
    }
    const typed = line.split(' ').length - 2;
    return [...(await this.words(`${line}${this.shell.all}`)).slice(typed)].sort();
  }

  private async said(keys: string): Promise<readonly string[]> {
    const from = this.output.length;
    this.child.stdin.write(keys);
    for (;;) {
      const [, words] = /<<(.*?)\|>>/s.exec(this.output.slice(from)) ?? [];
      if (words !== undefined) return words.split('|');
      if (this.ended) throw new Error(`${this.shell.name} ended at ${keys}: ${this.output}`);
      await new Promise<void>((resolve) => (this.heard = resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended) return;
    const gone = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end('\x03\rexit\r\x04');
    await gone;
  }
}
