// SPDX-License-Identifier: MIT
import { setTimeout as sleep } from 'node:timers/promises';

/** At most so many turns a second, in the order they were asked for: a server is never stormed. */
export class Pace {
  private free = 0;

  constructor(private readonly perSecond: number) {}

  /** Resolves when it is the caller's turn; at once when the signal fires. */
  async turn(signal: AbortSignal): Promise<void> {
    const now = Date.now();
    const at = Math.max(now, this.free);
    this.free = at + 1000 / this.perSecond;
    if (at > now) await sleep(at - now, undefined, { signal }).catch(() => undefined);
  }
}
