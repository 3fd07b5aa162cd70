// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { InfraError } from '../../model/errors.js';
import { environmentFor } from '../../system/environment.js';
import { dieWithParent, killGroup, run } from '../../system/processes.js';
import type { KexecCommands, SshDescription } from '../described/schema.js';
import type { Boot, Machine, MachineExit, Watcher } from '../device.js';
import { ConsoleFeed } from '../shell/console-feed.js';
import { loadKernel } from '../shell/kexec.js';
import { SshShell } from './ssh.js';

const askAgainMs = 2000;
const bootId = 'cat /proc/sys/kernel/random/boot_id';
/** Understood by busyguest's init: it restarts the machine instead of switching it off. */
const endByReboot = 'BUSYGUEST_END=reboot';

type Description = SshDescription & { readonly kexec: KexecCommands };

/** A host that was made to start another kernel, until its own system answers again. */
export class KexecHost implements Machine {
  private readonly feed: ConsoleFeed;
  private consoleProgram: ChildProcessByStdio<null, Readable, null> | undefined;
  private left = false;

  private constructor(
    private readonly description: Description,
    private readonly shell: SshShell,
    private readonly ownBoot: string,
    private readonly watcher: Watcher,
    private readonly release: () => Promise<void>,
  ) {
    this.feed = new ConsoleFeed(watcher);
  }

  /** Copies, loads and starts the kernel under test. Throws InfraError, and then nothing happened. */
  static async start(
    description: Description,
    boot: Boot,
    signal: AbortSignal,
    watcher: Watcher,
    release: () => Promise<void>,
  ): Promise<KexecHost> {
    const shell = new SshShell(description, signal);
    const { timeouts, kexec, console } = description;
    watcher.say('copying and loading the kernel');
    const { output } = await shell.run(bootId, timeouts['ssh-s'] * 1000);
    const options = [`console=${console}`, ...boot.commandLine, ...description['command-line']];
    const commandLine = [...options, endByReboot, '--', ...boot.payloadArgs].join(' ');
    const bring = (from: string, to: string): Promise<void> =>
      shell.copy(from, to, timeouts['copy-s'] * 1000);
    await loadKernel(shell, bring, boot, kexec, commandLine, timeouts['kexec-s'] * 1000);
    const host = new KexecHost(description, shell, output.trim(), watcher, release);
    host.watch();
    watcher.say('starting the kernel');
    host.feed.expectKernel();
    host.left = true;
    try {
      await shell.leave(kexec.start);
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
    return host;
  }

  get console(): AsyncIterable<Uint8Array> {
    return this.feed.kernel;
  }

  get exited(): Promise<MachineExit> {
    return this.feed.exited;
  }

  get facts(): Readonly<Record<string, string>> {
    return { machine: this.description.host };
  }

  private watch(): void {
    const argv = this.description.watch ?? [];
    const [program, ...args] = [...dieWithParent, ...argv];
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      env: environmentFor('user'),
    });
    this.consoleProgram = child;
    child.stdout.on('data', (bytes: Buffer) => this.feed.push(bytes));
    child.once('error', () => {});
    child.once('close', (code) => {
      const message = `${argv.join(' ')} ended with ${code ?? 'a signal'}`;
      this.feed.end({ reason: 'lost', message });
    });
  }

  /** Resets the machine and waits for its own system. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      killGroup(this.consoleProgram?.pid);
      if (this.left) await this.comeBack();
    } catch (error) {
      if (!(error instanceof InfraError)) throw error;
      this.watcher.say(error.advice);
    } finally {
      this.feed.end({ reason: 'lost', message: 'over' });
      await this.release();
    }
  }

  private async comeBack(): Promise<void> {
    const { reset, timeouts, host } = this.description;
    // Not the run's signal: this has to happen after Ctrl-C too.
    const { signal } = new AbortController();
    if (reset !== undefined) {
      this.watcher.say('resetting the machine');
      await run(reset, { stage: 'reset', signal, passes: 'user' });
    }
    this.watcher.say('waiting for its own system');
    const shell = new SshShell(this.description, signal);
    const end = Date.now() + timeouts['back-s'] * 1000;
    while (Date.now() < end) {
      const answer = await shell.run(bootId, timeouts['ssh-s'] * 1000).catch(() => undefined);
      if (answer?.code === 0 && answer.output.trim() !== this.ownBoot) return;
      await sleep(askAgainMs);
    }
    throw new InfraError('reset', `${host} did not come back`, 'reset it by hand');
  }
}
