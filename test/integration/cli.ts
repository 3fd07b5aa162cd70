// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { JobResult, RunResult } from '../../src/model/result.js';

/** The project's folder. */
export const project = fileURLToPath(new URL('../../..', import.meta.url));
const program = join(project, 'bin', 'busyguest.mjs');

/** What a command line gave. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that goes on until it ends or is killed. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Outcome>;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the text was printed to stderr; also when the command ends. */
  said(text: string): Promise<void>;
}

/** Starts busyguest as a user would. */
export function start(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: project,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Outcome>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => child.kill(signal),
    said: (text) =>
      Promise.race([
        ended.then(() => undefined),
        new Promise<void>((resolve) => {
          const look = (): void => {
            if (stderr.includes(text)) resolve();
          };
          child.stderr.on('data', look);
          look();
        }),
      ]),
  };
}

/** Runs busyguest to its end. */
export function busyguest(...args: string[]): Promise<Outcome> {
  return start(args).ended;
}

/** A folder that goes away with the test. */
export async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** results.json of the newest run in a results folder. */
export async function latest(results: string): Promise<RunResult> {
  return JSON.parse(await readFile(join(results, 'latest', 'results.json'), 'utf8')) as RunResult;
}

/** A metric of a case; NaN when it is not there, which no comparison survives. */
export function metric(job: JobResult, caseName: string, name: string): number {
  const found = job.cases.find((one) => one.name === caseName);
  return found?.metrics.find((one) => one.name === name)?.value ?? Number.NaN;
}

/** Process ids whose command line holds the text; ours are told apart by the cache they boot from. */
export async function processesWith(text: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(text) && line.includes('qemu-system')) found.push(Number(pid));
  }
  return found;
}
