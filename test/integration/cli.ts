// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
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
  /** Resolves when so many lines were printed to stderr; also when the command ends. */
  saidLines(count: number): Promise<void>;
  /** Process ids of the QEMUs that it started and that are there still. */
  machines(): Promise<number[]>;
}

/** Starts busyguest as a user would. */
export function start(args: readonly string[], env: Record<string, string> = {}): Running {
  // What it starts has this too, even when busyguest itself is dead.
  const mark = randomUUID();
  const child = spawn(process.execPath, [program, ...args], {
    cwd: project,
    env: {
      ...process.env,
      ...env,
      BUSYGUEST_TEST_MARK: mark,
      BUSYGUEST_SANDBOX_ENV: 'BUSYGUEST_TEST_MARK',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Outcome>((resolve) =>
    child.on('close', (code) => resolve({ code, stdout, stderr })),
  );
  const until = (holds: () => boolean): Promise<void> =>
    Promise.race([
      ended.then(() => undefined),
      new Promise<void>((resolve) => {
        const look = (): void => {
          if (holds()) resolve();
        };
        child.stderr.on('data', look);
        look();
      }),
    ]);
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => child.kill(signal),
    said: (text) => until(() => stderr.includes(text)),
    saidLines: (count) => until(() => stderr.split('\n').length > count),
    machines: () => machinesWith(mark),
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

/** What is left of a run must be whole: nothing half written, no temporary file. */
export async function assertWhole(results: string): Promise<void> {
  for (const name of await readdir(results, { recursive: true })) {
    assert.doesNotMatch(name, /\.tmp$/);
    if (name.endsWith('.json')) JSON.parse(await readFile(join(results, name), 'utf8'));
  }
}

/** A metric of a case; NaN when it is not there, which no comparison survives. */
export function metric(job: JobResult, caseName: string, name: string): number {
  const found = job.cases.find((one) => one.name === caseName);
  return found?.metrics.find((one) => one.name === name)?.value ?? Number.NaN;
}

async function machinesWith(mark: string): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (!name.startsWith('qemu-system')) continue;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(mark)) found.push(Number(pid));
  }
  return found;
}

/** Waits until no machine of a command that has ended is there; the kernel needs a moment to end them. */
export async function machinesGone(run: Running): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 60_000;) {
    if ((await run.machines()).length === 0) return;
    await sleep(10);
  }
  assert.deepEqual(await run.machines(), [], 'QEMU goes on');
}
