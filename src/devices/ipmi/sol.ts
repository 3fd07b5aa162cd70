// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { InfraError, InterruptedError } from '../../model/errors.js';
import { environmentFor } from '../../system/environment.js';
import { dieWithParent, killGroup, tail } from '../../system/processes.js';
import { quoteWords } from '../../system/shell-words.js';
import type { Bmc } from './bmc.js';

/** ipmitool says so when the console is there; what it prints before is its own. */
const operational = /\[SOL Session operational\.[^\n]*\n/;
const operationalMs = 60_000;
/** Consoles that were lost one after the other without a word from the machine. */
const mostLosses = 8;
/** A control character that no shell is sent, instead of "~", which may begin a line. */
const escape = '\x1d';

/** What the console's user hears. */
export interface ConsoleUser {
  data(bytes: Uint8Array): void;
  /** The console broke off: what the machine prints now is lost. */
  cut(): void;
  /** It does not come back. */
  lost(error: InfraError): void;
}

/**
 * The machine's serial console over its BMC. ipmitool wants a terminal: script(1) of util-linux
 * gives it one. When the session ends by itself it is opened again.
 */
export class SerialOverLan implements AsyncDisposable {
  private child: ChildProcess | undefined;
  private input: Writable | undefined;
  private silentLosses = 0;
  private closed = false;
  private goesOn: Promise<void> = Promise.resolve();
  /** How often it broke off. */
  cuts = 0;

  constructor(
    private readonly bmc: Bmc,
    private readonly user: ConsoleUser,
    private readonly signal: AbortSignal,
  ) {}

  /** Opens the console; whoever had it loses it. Throws InfraError, InterruptedError. */
  async open(): Promise<void> {
    await this.bmc.freeConsole(this.signal);
    this.signal.throwIfAborted();
    const { ended } = await this.activate();
    this.goesOn = ended.then(() => this.again());
  }

  write(text: string): void {
    this.input?.write(text);
  }

  private async again(): Promise<void> {
    if (this.closed || this.signal.aborted) return;
    this.cuts++;
    this.user.cut();
    if (++this.silentLosses > mostLosses) {
      const todo = 'does somebody else open the same console?';
      this.user.lost(new InfraError('console', 'the console was lost again and again', todo));
      return;
    }
    try {
      if (this.silentLosses > 1)
        await sleep(1000 * this.silentLosses, undefined, { signal: this.signal });
      if (!this.closed) await this.open();
    } catch (error) {
      if (error instanceof InfraError) this.user.lost(error);
    }
  }

  /** Resolves when the console is there, with the promise of its end. */
  private async activate(): Promise<{ ended: Promise<void> }> {
    const command = `exec ${quoteWords(this.bmc.argv('-e', escape, 'sol', 'activate'))} 2>&3`;
    const child = spawn(
      dieWithParent[0],
      [...dieWithParent.slice(1), 'script', '-qfec', command, '/dev/null'],
      {
        // Its messages stay out of what the machine prints.
        stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
        detached: true,
        env: environmentFor('tools', { ...this.bmc.environment, SHELL: '/bin/sh' }),
      },
    );
    const [input, output, , messages] = child.stdio as unknown as [
      Writable,
      Readable,
      null,
      Readable,
    ];
    input.on('error', () => {});
    this.child = child;
    this.input = input;
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    });
    let said = '';
    messages.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-2000)));
    const ready = this.read(output);
    const stop = new AbortController();
    const timeUp = sleep(operationalMs, 'no answer' as const, {
      signal: AbortSignal.any([this.signal, stop.signal]),
    }).catch(() => 'interrupted' as const);
    const first = await Promise.race([ready, ended.then(() => 'ended' as const), timeUp]);
    stop.abort();
    if (first === 'ready') return { ended };
    await this.end();
    if (this.signal.aborted) throw new InterruptedError('console: interrupted');
    throw new InfraError(
      'console',
      `the console did not open (${first})`,
      'does "ipmitool ... sol activate" work by hand? SOL may have to be enabled for this user',
      tail(said).filter((line) => line !== ''),
    );
  }

  /** Passes on what comes after ipmitool's own first line. */
  private read(output: Readable): Promise<'ready'> {
    return new Promise((resolve) => {
      let before: string | undefined = '';
      output.on('data', (bytes: Buffer) => {
        if (before === undefined) {
          this.silentLosses = 0;
          this.user.data(bytes);
          return;
        }
        before += bytes.toString('latin1');
        const match = operational.exec(before);
        if (!match) return;
        const rest = Buffer.from(before.slice(match.index + match[0].length), 'latin1');
        before = undefined;
        resolve('ready');
        if (rest.length > 0) this.user.data(rest);
      });
    });
  }

  private async end(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    this.input = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    killGroup(child.pid);
    await gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    await this.end();
    await this.goesOn;
    await this.bmc.freeConsole(new AbortController().signal).catch(() => {});
  }
}
