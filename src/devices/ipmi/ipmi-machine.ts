// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { linearPattern } from '../../documents/pattern.js';
import { addressTowards } from '../../system/address.js';
import { FileServer } from '../../system/file-server.js';
import type { IpmiDescription } from '../described/schema.js';
import type { Boot, Machine, MachineExit, Watcher } from '../device.js';
import { ConsoleFeed } from '../shell/console-feed.js';
import { ConsoleShell } from '../shell/console-shell.js';
import { failed, fill, loadKernel } from '../shell/kexec.js';
import { Bmc } from './bmc.js';
import { SerialOverLan } from './sol.js';

/** How often the BMC is asked whether the machine is still on, milliseconds. */
const askPowerMs = 5000;

/** A machine behind a BMC from the lock on it to power off. */
export class IpmiMachine implements Machine {
  private readonly feed: ConsoleFeed;
  private readonly sol: SerialOverLan;
  private readonly over = new AbortController();
  private readonly opened: string[] = [];
  private shell: ConsoleShell | undefined;
  private used = false;

  private constructor(
    private readonly description: IpmiDescription,
    private readonly bmc: Bmc,
    private readonly lock: AsyncDisposable,
    private readonly signal: AbortSignal,
    private readonly watcher: Watcher,
  ) {
    this.feed = new ConsoleFeed(watcher);
    const ours = AbortSignal.any([signal, this.over.signal]);
    this.sol = new SerialOverLan(
      bmc,
      {
        data: (bytes) => {
          this.shell?.feed(bytes);
          this.feed.push(bytes);
        },
        cut: () => {
          this.feed.cut();
          watcher.say('the console broke off; it is opened again');
        },
        lost: ({ message }) => this.feed.end({ reason: 'lost', message }),
      },
      ours,
    );
  }

  /** Takes over the lock. Throws InfraError, and then the lock is free. */
  static async open(
    description: IpmiDescription,
    lock: AsyncDisposable,
    signal: AbortSignal,
    watcher: Watcher,
  ): Promise<IpmiMachine> {
    try {
      const bmc = await Bmc.open(description.bmc);
      return new IpmiMachine(description, bmc, lock, signal, watcher);
    } catch (error) {
      await lock[Symbol.asyncDispose]();
      throw error;
    }
  }

  get console(): AsyncIterable<Uint8Array> {
    return this.feed.kernel;
  }

  get exited(): Promise<MachineExit> {
    return this.feed.exited;
  }

  get facts(): Readonly<Record<string, string>> {
    const { host } = this.description.bmc;
    return { machine: `BMC ${host}`, console_cuts: String(this.sol.cuts) };
  }

  /** Whether it is on. Throws InfraError when the BMC does not answer or the password is wrong. */
  isOn(): Promise<boolean> {
    return this.bmc.isOn(this.signal);
  }

  async openConsole(): Promise<void> {
    if (this.opened.includes('console')) return;
    await this.sol.open();
    this.opened.push('console');
  }

  /** Powers on and goes to the shell. Throws InfraError. */
  async reachShell(): Promise<ConsoleShell> {
    const { power, shell, timeouts } = this.description;
    const powerMs = timeouts['power-s'] * 1000;
    const on = await this.isOn();
    await this.openConsole();
    const keys = shell.keys.map(({ when, send }) => ({ when: linearPattern(when), send }));
    const dialogue = { prompt: linearPattern(shell.prompt), keys };
    this.shell = new ConsoleShell(this.sol, dialogue, this.signal);
    if (on && power.start === 'keep' && !this.used) {
      this.used = true;
      this.watcher.say('the machine is on; looking for its shell');
      this.sol.write('\r');
    } else {
      this.used = true;
      this.watcher.say('switching the machine on');
      if (on) await this.bmc.switch(false, powerMs, this.signal);
      await this.bmc.switch(true, powerMs, this.signal);
      this.watcher.say('waiting for its shell');
    }
    await this.shell.ready(timeouts['shell-s'] * 1000);
    // The running kernel's messages would stand between the answers.
    await this.shell.run('dmesg -n 1', timeouts['shell-s'] * 1000);
    return this.shell;
  }

  /** Brings files to the machine's shell, each under a URL of its own, while `work` runs. */
  async serving<T>(
    shell: ConsoleShell,
    work: (bring: (from: string, to: string) => Promise<void>) => Promise<T>,
  ): Promise<T> {
    const { command, address, listen } = this.description.fetch;
    const { host } = this.description.bmc;
    const ours = address ?? (await addressTowards(host, 'fetch', 'set fetch.address'));
    await using server = await FileServer.listen({
      host: listen ?? ours,
      port: 0,
      stage: 'fetch',
      todo: 'set fetch.listen to an address here',
    });
    return await work(async (from, to) => {
      const url = server.urlFrom(ours) + server.offerOnce(from);
      const fetch = fill(command, { url, file: to, path: from });
      const result = await shell.run(fetch, this.description.timeouts['fetch-s'] * 1000);
      if (result.code === 0) return;
      const todo = `can the machine reach ${ours}:${server.port}? See fetch.address`;
      throw failed('fetch', fetch, result, todo);
    });
  }

  /** Boots the kernel under test. Throws InfraError. */
  async boot(boot: Boot): Promise<void> {
    const { kexec, timeouts, console, 'command-line': more } = this.description;
    const shell = await this.reachShell();
    const options = [`console=${console}`, ...boot.commandLine, ...more, '--', ...boot.payloadArgs];
    await this.serving(shell, async (bring) => {
      this.watcher.say('fetching and loading the kernel');
      const kexecMs = timeouts['kexec-s'] * 1000;
      await loadKernel(shell, bring, boot, kexec, options.join(' '), kexecMs);
    });
    this.watcher.say('starting the kernel');
    this.feed.expectKernel();
    await shell.leave(kexec.start);
    this.shell = undefined;
    void this.watchPower();
  }

  /** A machine that is off prints nothing more. */
  private async watchPower(): Promise<void> {
    const { signal } = this.over;
    try {
      for (;;) {
        await sleep(askPowerMs, undefined, { signal });
        if (await this.bmc.isOn(signal)) continue;
        this.feed.end({ reason: 'poweroff', message: 'the machine is off' });
        return;
      }
    } catch {
      // Over, or the BMC does not answer: the console and the deadline tell the rest.
    }
  }

  /** Leaves the machine as the description wants it, whatever happened. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { power, timeouts } = this.description;
    this.over.abort();
    await this.sol[Symbol.asyncDispose]();
    try {
      // Not the run's signal: this has to happen after Ctrl-C too.
      const { signal } = new AbortController();
      if (this.used) {
        await this.bmc.switch(false, timeouts['power-s'] * 1000, signal);
        if (power.end === 'default')
          await this.bmc.switch(true, timeouts['power-s'] * 1000, signal);
      }
    } catch (error) {
      this.watcher.say(
        `the machine could not be left as it should be: ${(error as Error).message}`,
      );
    } finally {
      this.feed.end({ reason: 'poweroff', message: 'switched off' });
      await this.lock[Symbol.asyncDispose]();
    }
  }
}
