// SPDX-License-Identifier: MIT
import { PassThrough } from 'node:stream';
import type { MachineExit, Watcher } from '../device.js';
import { KernelPart } from './kernel-part.js';

/**
 * What a machine's console prints, given to who needs it: until the kernel under test speaks all
 * of it is firmware's, then all of it is the kernel's.
 */
export class ConsoleFeed {
  /** The console of the kernel under test. Ends when the console is lost or the machine is off. */
  readonly kernel = new PassThrough();
  readonly exited: Promise<MachineExit>;
  private exit: (exit: MachineExit) => void = () => {};
  private readonly part = new KernelPart();
  private listening = false;

  constructor(private readonly watcher: Watcher) {
    this.exited = new Promise((resolve) => (this.exit = resolve));
  }

  /** From now on the kernel under test may speak. */
  expectKernel(): void {
    this.listening = true;
  }

  push(bytes: Uint8Array): void {
    if (!this.listening) {
      this.watcher.firmware(bytes);
      return;
    }
    const { firmware, kernel } = this.part.push(bytes);
    if (firmware.length > 0) this.watcher.firmware(firmware);
    if (kernel.length > 0 && !this.kernel.writableEnded) this.kernel.write(kernel);
  }

  /** The console broke off and comes back. */
  cut(): void {
    this.part.cut();
  }

  end(exit: MachineExit): void {
    this.exit(exit);
    if (!this.kernel.writableEnded) this.kernel.end();
  }
}
