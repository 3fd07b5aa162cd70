// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';
import { InfraError } from '../../model/errors.js';
import { run, type RunOutput } from '../../system/processes.js';
import { readSecret } from '../../system/secrets.js';
import type { IpmiDescription } from '../described/schema.js';

const askAgainMs = 1000;
/** A BMC that has lost an order gets it again. */
const orderAgainMs = 20_000;
/** One question to a BMC, seconds; ipmitool tries again by itself. */
const answerS = 60;
/** Freeing the console, seconds: a BMC may never answer that, and open it all the same. */
const freeS = 20;
/** What timeout(1) ends with. */
const timedOut = 124;

/** A machine's BMC, asked by ipmitool. The password goes there by the environment only. */
export class Bmc {
  private constructor(
    private readonly description: IpmiDescription['bmc'],
    private readonly password: string,
  ) {}

  /** Reads the password. Throws InfraError. */
  static async open(description: IpmiDescription['bmc']): Promise<Bmc> {
    const { 'password-file': file, 'password-env': variable } = description;
    return new Bmc(description, await readSecret({ file, variable }));
  }

  /** ipmitool's command line; nothing in it is secret. */
  argv(...command: string[]): string[] {
    const { host, port, user, cipher } = this.description;
    return [
      ...['ipmitool', '-I', 'lanplus', '-H', host, '-p', String(port), '-U', user, '-E'],
      ...(cipher === undefined ? [] : ['-C', String(cipher)]),
      ...command,
    ];
  }

  /** What ipmitool needs in its environment. */
  get environment(): Record<string, string> {
    return { IPMI_PASSWORD: this.password };
  }

  /** Runs ipmitool to its end. Throws InfraError, InterruptedError. */
  async ask(signal: AbortSignal, ...command: string[]): Promise<RunOutput> {
    return run(['timeout', String(answerS), ...this.argv(...command)], {
      stage: 'power',
      env: this.environment,
      signal,
      todo: 'do host, port, user and password of the BMC fit, and is IPMI over LAN allowed there?',
    });
  }

  async isOn(signal: AbortSignal): Promise<boolean> {
    const { stdout } = await this.ask(signal, 'chassis', 'power', 'status');
    return /power is on/i.test(stdout);
  }

  /** Switches the power and waits until the BMC says that it is so. Throws InfraError. */
  async switch(on: boolean, timeoutMs: number, signal: AbortSignal): Promise<void> {
    const end = Date.now() + timeoutMs;
    let orderedAt = 0;
    while ((await this.isOn(signal)) !== on) {
      if (Date.now() > end) {
        const wanted = on ? 'on' : 'off';
        throw new InfraError(
          'power',
          `the machine was not ${wanted} after ${timeoutMs / 1000} s`,
          'look at the machine and its BMC',
        );
      }
      if (Date.now() - orderedAt > orderAgainMs) {
        await this.ask(signal, 'chassis', 'power', on ? 'on' : 'off');
        orderedAt = Date.now();
      }
      await sleep(askAgainMs, undefined, { signal });
    }
  }

  /** Ends a console session that somebody left open; there may be none. What came of it, opening shows. */
  async freeConsole(signal: AbortSignal): Promise<void> {
    await run(['timeout', String(freeS), ...this.argv('sol', 'deactivate')], {
      stage: 'console',
      env: this.environment,
      signal,
      okCodes: [0, 1, timedOut],
    });
  }
}
