// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pattern } from '../../model/job.js';
import { InfraError, InterruptedError } from '../../model/errors.js';
import { tail } from '../../system/processes.js';
import type { CommandResult, Shell } from './shell.js';

/** What is known of the way to a machine's shell. */
export interface Dialogue {
  readonly prompt: Pattern;
  /** Typed once each, when the console shows it. */
  readonly keys: readonly { readonly when: Pattern; readonly send: string }[];
}

/** A console that can be typed to. */
export interface Typing {
  write(text: string): void;
}

/** A prompt is one only when nothing follows it for so long, milliseconds. */
const quietMs = 400;
const pollMs = 100;
/** How long a shell may take to answer the question whether it is one. */
const proofMs = 5000;
/** Serial lines without flow control lose what is typed faster. */
const typedAtOnce = 16;
const typingPauseMs = 20;
/** Console text that is kept, characters. */
const kept = 64 * 1024;
const escapes = /\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[()][A-Za-z0-9]|[@-Z\\-_=>])|\r/g; // eslint-disable-line no-control-regex

/** A shell on a console: firmware's menu, a login, then commands one by one. */
export class ConsoleShell implements Shell {
  private raw = '';
  private lastData = Date.now();
  private commands = 0;
  private readonly open: Set<Dialogue['keys'][number]>;

  constructor(
    private readonly typing: Typing,
    private readonly dialogue: Dialogue,
    private readonly signal: AbortSignal,
  ) {
    this.open = new Set(dialogue.keys);
  }

  /** Takes what the console prints. */
  feed(bytes: Uint8Array): void {
    this.raw = (this.raw + Buffer.from(bytes).toString('latin1')).slice(-kept);
    this.lastData = Date.now();
  }

  /** Waits until a shell answers, typing on the way what the dialogue says. Throws InfraError. */
  async ready(timeoutMs: number): Promise<void> {
    const end = Date.now() + timeoutMs;
    while (Date.now() < end) {
      await this.pause(pollMs);
      if (await this.typeKeys()) continue;
      const quiet = Date.now() - this.lastData > quietMs;
      if (!quiet || !this.dialogue.prompt.test(this.text.split('\n').at(-1) ?? '')) continue;
      const left = Math.max(1, Math.min(proofMs, end - Date.now()));
      if ((await this.ask('true', left)) !== undefined) return;
    }
    const silent = this.text.trim() === '';
    throw new InfraError(
      'shell',
      silent
        ? `the console printed nothing in ${timeoutMs / 1000} s`
        : `no shell answered in ${timeoutMs / 1000} s`,
      silent
        ? 'is the console the one that this machine uses (SOL, baud rate)?'
        : 'see shell.prompt and shell.keys in docs/devices.md',
      this.lastLines(),
    );
  }

  async run(command: string, timeoutMs: number): Promise<CommandResult> {
    const result = await this.ask(command, timeoutMs);
    if (result !== undefined) return result;
    throw new InfraError(
      'shell',
      `"${command}" did not end in ${timeoutMs / 1000} s`,
      'is the console still there?',
      this.lastLines(),
    );
  }

  async leave(command: string): Promise<void> {
    await this.type(`${command}\r`);
  }

  /** The end of what the console showed. */
  lastLines(): string[] {
    return this.text.trim() === '' ? [] : tail(this.text);
  }

  // Of all that came: an escape sequence may come in pieces.
  private get text(): string {
    return this.raw.replace(escapes, '');
  }

  private async typeKeys(): Promise<boolean> {
    for (const key of this.open) {
      if (!key.when.test(this.text)) continue;
      this.open.delete(key);
      this.raw = '';
      await this.type(key.send);
      return true;
    }
    return false;
  }

  private async ask(command: string, timeoutMs: number): Promise<CommandResult | undefined> {
    const number = ++this.commands;
    this.raw = '';
    // The echo of the command has the quotes, its output has not.
    await this.type(`${command}; echo "busyguest""-$?-${number}-"\r`);
    const answer = new RegExp(`busyguest-(\\d+)-${number}-`);
    const end = Date.now() + timeoutMs;
    while (Date.now() < end) {
      const match = answer.exec(this.text);
      if (match) return { code: Number(match[1]), output: this.text.slice(0, match.index) };
      await this.pause(pollMs / 2);
    }
    return undefined;
  }

  private async type(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += typedAtOnce) {
      this.typing.write(text.slice(at, at + typedAtOnce));
      await this.pause(typingPauseMs);
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.signal }).catch(() => {
      throw new InterruptedError('shell: interrupted');
    });
  }
}
