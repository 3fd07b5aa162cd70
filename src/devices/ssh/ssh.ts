// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { InfraError } from '../../model/errors.js';
import { run } from '../../system/processes.js';
import { quoteWord } from '../../system/shell-words.js';
import type { SshDescription } from '../described/schema.js';
import type { CommandResult, Shell } from '../shell/shell.js';

/** What `timeout` and ssh itself end with; everything else is the command's own. */
const timedOut = 124;
const noConnection = 255;
const anyCode = Array.from({ length: 256 }, (_, code) => code).filter((code) => code !== 127);

/** A host's shell by ssh: a connection a command. Keys and host keys are the user's ssh's own. */
export class SshShell implements Shell {
  constructor(
    private readonly description: Pick<SshDescription, 'host' | 'options'>,
    private readonly signal: AbortSignal,
  ) {}

  /** ssh never asks for a password: there is nobody to answer. */
  argv(command: string): string[] {
    const { host, options } = this.description;
    const quiet = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10', '-o', 'LogLevel=ERROR'];
    return ['ssh', ...quiet, ...options, host, command];
  }

  async run(command: string, timeoutMs: number): Promise<CommandResult> {
    return this.runRemotely(command, timeoutMs);
  }

  async leave(command: string): Promise<void> {
    // The connection is gone before the host is. No nohup: Debian's busybox has none.
    await this.runRemotely(
      `(trap '' HUP; sleep 1; ${command}) >/dev/null 2>&1 </dev/null &`,
      30_000,
    );
  }

  /** Copies a file there. Throws InfraError. */
  async copy(from: string, to: string, timeoutMs: number): Promise<void> {
    const input = await readFile(from);
    const { code, output } = await this.runRemotely(`cat > ${quoteWord(to)}`, timeoutMs, input);
    if (code === 0) return;
    throw new InfraError('copy', `${to}: ${output.trim()}`, 'is there room in kexec.folder?');
  }

  private async runRemotely(
    command: string,
    timeoutMs: number,
    input?: Uint8Array,
  ): Promise<CommandResult> {
    const { host } = this.description;
    const seconds = String(Math.ceil(timeoutMs / 1000));
    const result = await run(['timeout', seconds, ...this.argv(command)], {
      stage: 'ssh',
      signal: this.signal,
      passes: 'network',
      okCodes: anyCode,
      ...(input !== undefined && { input }),
    });
    const { exitCode: code, stdout, stderr } = result;
    if (code === timedOut) {
      throw new InfraError('ssh', `"${command}" did not end on ${host} in ${seconds} s`);
    }
    if (code === noConnection) {
      const todo = `does "ssh ${host}" work without a question?`;
      throw new InfraError('ssh', stderr.trim() || `no connection to ${host}`, todo);
    }
    return { code, output: `${stdout}\n${stderr}` };
  }
}
