// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { environmentFor } from '../../system/environment.js';
import { killGroup } from '../../system/processes.js';
import { quoteWord, quoteWords } from '../../system/shell-words.js';
import { bootIdOf } from '../boot-id.js';
import type { Boot, Machine, MachineExit } from '../device.js';

/** The test cleans up behind itself, on a frozen guest too; after this long it is killed. */
const cleanUpMs = 60_000;

/**
 * A shell script that runs the test program on the running kernel, between the marks that init
 * prints elsewhere, with what the kernel logged meanwhile. The test is stopped, and cleans up,
 * when standard input ends: also when busyguest or its connection is killed.
 */
export function testScript(
  program: string,
  boot: Pick<Boot, 'commandLine' | 'payloadArgs'>,
  remove: boolean,
): string {
  const args = boot.payloadArgs;
  const id = bootIdOf(boot);
  const of = id === undefined ? '' : ` boot=${id}`;
  return [
    // Who listens may be gone before everything is cleaned up.
    "trap '' PIPE",
    'exec 3<&0',
    'mark="busyguest-begin-$$"',
    'echo "$mark" 2>/dev/null >/dev/kmsg',
    `echo ${quoteWord(`BUSYGUEST-START v1${of}`)}`,
    `${quoteWords([program, ...args])} </dev/null &`,
    'pid=$!',
    '(read -r line <&3; kill -TERM $pid) >/dev/null 2>&1 &',
    'guard=$!',
    'wait $pid',
    'code=$?',
    'kill $guard 2>/dev/null',
    ...(remove ? [`rm -f ${quoteWord(program)}`] : []),
    'dmesg 2>/dev/null | sed "1,/$mark/d"',
    `echo "BUSYGUEST-END $code"${quoteWord(of)}`,
  ].join('\n');
}

/** The running kernel of a machine while the test runs there. */
export class RunningKernel implements Machine {
  readonly console: AsyncIterable<Uint8Array>;
  readonly exited: Promise<MachineExit>;
  private readonly child: ChildProcessByStdio<Writable, Readable, Readable>;

  /** @param argv runs `testScript`; its standard input is the test's lifeline */
  constructor(
    argv: readonly string[],
    readonly facts: Readonly<Record<string, string>>,
    private readonly release: () => Promise<void>,
  ) {
    const [program = '', ...args] = argv;
    // Not killed with its parent: it has something to clean up, and ends when its input does.
    this.child = spawn(program, args, {
      stdio: 'pipe',
      detached: true,
      // It may be ssh.
      env: environmentFor('network'),
    });
    this.child.stdin.on('error', () => {});
    this.console = this.child.stdout;
    let stderr = '';
    this.child.stderr.on('data', (data: Buffer) => {
      stderr = (stderr + data.toString()).slice(-2000);
    });
    this.exited = new Promise((resolve) => {
      const lost = (message: string): void => resolve({ reason: 'lost', message });
      this.child.once('error', (error) => lost(error.message));
      this.child.once('exit', (code, signal) => {
        const last = stderr.trim().split('\n').at(-1) ?? '';
        lost(`the test ended with ${signal ?? `exit code ${code}`}: ${last}`);
      });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.stdin.end();
    this.child.stdout.resume();
    const late = setTimeout(() => killGroup(this.child.pid), cleanUpMs);
    await this.exited;
    clearTimeout(late);
    await this.release();
  }
}
