// SPDX-License-Identifier: MIT
import { parentPort, workerData } from 'node:worker_threads';
import { smaller } from './smaller.js';
import { targets } from './targets.js';

/** What the thread is told: which reader, where the random numbers begin, and when to end. */
export interface Order {
  readonly target: string;
  readonly seed: number;
  readonly inputs: number;
  readonly untilMs: number;
}

/** What it says after each batch. A batch that broke something says so and is the last. */
export interface Progress {
  readonly inputs: number;
  readonly nextSeed: number;
  readonly rssBytes: number;
  /** The wall time of the slowest input, milliseconds. */
  readonly slowestMs: number;
  readonly broken?: { readonly input: Uint8Array; readonly error: string };
}

const batch = 500;
const { target: name, seed, inputs, untilMs } = workerData as Order;
const target = targets.find((one) => one.name === name);
if (!target) throw new Error(`no fuzz target ${name}`);

/** Numbers that look random and are the same for a seed (xorshift32). */
function randomFrom(start: number): (below: number) => number {
  let state = (start * 2_654_435_761) >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** Why the input breaks the reader; undefined: it does not. */
async function fault(input: Buffer): Promise<string | undefined> {
  try {
    const checked = target?.check(input);
    // Most readers need no turn of the event loop, which would take longer than they do.
    if (checked) await checked;
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

let slowestMs = 0;
let done = 0;
for (let at = seed; done < inputs && Date.now() < untilMs; at++) {
  const random = randomFrom(at);
  let broken: Progress['broken'];
  for (let i = 0; i < batch && done < inputs && !broken; i++) {
    const input = target.inputs.quickly(random);
    const start = performance.now();
    const error = await fault(input);
    slowestMs = Math.max(slowestMs, performance.now() - start);
    done++;
    if (error !== undefined) {
      broken = { input: target.whole ? input : await smaller(input, fault), error };
    }
  }
  const { rss } = process.memoryUsage();
  const said = { inputs: done, nextSeed: at + 1, rssBytes: rss, slowestMs };
  parentPort?.postMessage({ ...said, ...(broken && { broken }) } satisfies Progress);
  if (broken) break;
}
