// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { InfraError, InterruptedError } from '../../src/model/errors.js';
import { projectDir } from '../../src/system/files.js';
import { dieWithParent, killGroup, run, tail } from '../../src/system/processes.js';
import type { Sample } from './figures.js';

/** How a program is measured. */
export interface Timed {
  readonly signal: AbortSignal;
  readonly env?: Readonly<Record<string, string>>;
  /** The checkout of busyguest whose command it is; default: this one. */
  readonly project?: string;
}

/** A measurement, and what the program wrote to its standard error. */
export interface Timing extends Sample {
  readonly cpuMs: number;
  readonly stderr: string;
}

/** bash counts the CPU time of what the program has started and waited for, too. */
const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null';

/** Runs a program to its end, its output thrown away. Throws InfraError when it fails. */
export async function timed(argv: readonly string[], { signal, env }: Timed): Promise<Timing> {
  const { stderr } = await run(['bash', '-c', script, 'bench', ...argv], {
    stage: 'bench',
    signal,
    ...(env && { env }),
  });
  const [wall = NaN, user = NaN, system = NaN] = (tail(stderr, 1)[0] ?? '').split(' ').map(Number);
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000, stderr };
}

/** A busyguest command, as a user would call it. */
export const busyguest = (args: readonly string[], how: Timed): Promise<Timing> =>
  timed([process.execPath, join(how.project ?? projectDir, 'bin', 'busyguest.mjs'), ...args], how);

/** The same without the CPU time: that of QEMU, which is killed, would be missing from it. */
export async function wallOf(args: readonly string[], how: Timed): Promise<Sample> {
  const { wallMs } = await busyguest(args, how);
  return { wallMs };
}

const lastLine = /^BUSYGUEST-END \d+.*\r?\n/m;

/** From the start of a program to the payload's last line on its standard output; then it is killed. */
export function untilLastLine(argv: readonly string[], { signal, env }: Timed): Promise<Sample> {
  const [program, ...args] = [...dieWithParent, ...argv];
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, ...env },
    });
    const stop = (): void => killGroup(child.pid);
    signal.addEventListener('abort', stop, { once: true });
    let text = '';
    let wallMs: number | undefined;
    const read = (chunk: string): void => {
      text += chunk;
      if (wallMs !== undefined || !lastLine.test(text.slice(-100 - chunk.length))) return;
      wallMs = performance.now() - start;
      stop();
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
    child.on('close', () => {
      signal.removeEventListener('abort', stop);
      if (wallMs !== undefined) resolve({ wallMs });
      else if (signal.aborted) reject(new InterruptedError('bench: interrupted'));
      else reject(new InfraError('bench', `no BUSYGUEST-END of ${argv[0]}`, undefined, tail(text)));
    });
    child.on('error', reject);
  });
}

/** As many measurements as are asked for, one after another. */
export async function repeat<T>(times: number, measure: () => Promise<T>): Promise<T[]> {
  const all: T[] = [];
  while (all.length < times) all.push(await measure());
  return all;
}
