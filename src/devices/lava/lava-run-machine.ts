// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { consoleOf, errorOf, readLogLine, rowsOf, type LogLine } from '../../labs/lava/log.js';
import { InfraError, InterruptedError } from '../../model/errors.js';
import type { ExitReason } from '../../model/result.js';
import { LogFile } from '../../system/log-file.js';
import { environmentFor } from '../../system/environment.js';
import { dieWithParent } from '../../system/processes.js';
import type { Machine, MachineExit } from '../device.js';
import type { LabMachine, LabRecord } from './lab-machine.js';
import { bootStarts } from '../../labs/lava/log.js';

type Child = ChildProcessByStdio<null, null, Readable>;

/** What lava-run is called with. */
export interface LavaRunFiles {
  /** Gets `log.yaml` and `out/`. */
  readonly dir: string;
  readonly job: string;
  readonly device: string;
  /** Folder of the QEMU, where it is on nobody's PATH. */
  readonly path: string | undefined;
}

/** Starts a program as init of namespaces of its own: what it starts and mounts ends with it. */
export const ownNamespaces: readonly string[] = [
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--propagation', 'private'],
];

/** Where LAVA puts what it fetches; when it is killed it leaves that there. */
const fetchedDir = '/var/lib/lava/dispatcher/tmp';
const script = 'if test -d "$0"; then mount -t tmpfs tmpfs "$0"; fi && exec lava-run "$@"';

/** How long lava-run gets to end a job whose payload has said its last line, milliseconds. */
const endingMs = 60_000;

/** A machine that lava-run has started: its console is what lava-run's log has from the target. */
export class LavaRunMachine implements LabMachine {
  readonly console: AsyncIterable<Uint8Array>;
  readonly exited: Promise<MachineExit>;
  readonly lagMs = 0;
  /** It has no server that could lose the job: what ends here is the machine. */
  readonly labFailed = false;
  private exit!: (exit: MachineExit) => void;
  private readonly lines: AsyncIterator<string>;
  private readonly closed: Promise<unknown>;
  /** All but the console. */
  private readonly said: LogLine[] = [];
  /** The last line that was no line of a log: of a program that could not start lava-run, or a traceback. */
  private unreadable: string | undefined;

  private constructor(
    private readonly child: Child,
    dir: string,
    readonly facts: Readonly<Record<string, string>>,
  ) {
    this.exited = new Promise((resolve) => (this.exit = resolve));
    // A program that is not there ends as one that failed: setpriv says so on its standard error.
    this.closed = once(child, 'close').catch(() => undefined);
    this.lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]();
    const log = new LogFile(join(dir, 'log.yaml'));
    child.stderr.on('data', (bytes: Buffer) => log.write(bytes));
    // The console is kept elsewhere; a full disk shows there.
    child.stderr.once('end', () => void log.end());
    this.console = this.follow();
  }

  /** Waits until the machine is about to be started. Throws InfraError when lava-run does not get there. */
  static async start(
    files: LavaRunFiles,
    facts: Machine['facts'],
    signal: AbortSignal,
  ): Promise<Machine> {
    const { dir, job, device, path } = files;
    const flags = ['--device', device, '--job-id', '1', '--output-dir', join(dir, 'out')];
    const argv = [
      ...dieWithParent,
      ...ownNamespaces,
      'sh',
      '-c',
      script,
      fetchedDir,
      ...flags,
      job,
    ];
    const PATH = [...(path === undefined ? [] : [path]), process.env['PATH'] ?? ''].join(':');
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: environmentFor('network', { PATH }),
    });
    const machine = new LavaRunMachine(child, dir, facts);
    const stop = (): void => void endNamespaces(child);
    signal.addEventListener('abort', stop, { once: true });
    try {
      await machine.poweredOn();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      if (signal.aborted) throw new InterruptedError('lava-run: interrupted');
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Waits for lava-run's end: its rows are complete only then. */
  async record(reason: ExitReason): Promise<LabRecord> {
    if (reason !== 'done') return {};
    const stop = new AbortController();
    const late = sleep(endingMs, 'late' as const, { signal: stop.signal }).catch(
      () => 'late' as const,
    );
    const over = await Promise.race([this.readOut(), late]);
    stop.abort();
    if (over === 'late') return { message: 'lava-run does not end the job' };
    const message = errorOf(this.said);
    return {
      rows: rowsOf(this.said),
      ...(message !== undefined && { message: `LAVA: ${message}` }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.exit({ reason: 'lost', message: 'stopped' });
    await endNamespaces(this.child);
    await this.closed;
  }

  private async poweredOn(): Promise<void> {
    for (;;) {
      const line = await this.next();
      if (line === undefined) {
        const message = errorOf(this.said) ?? this.unreadable ?? 'no message';
        throw new InfraError('lava-run', `ended before the machine was started: ${message}`);
      }
      if (bootStarts.test(String(line.message))) return;
    }
  }

  private async *follow(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const line = await this.next();
      if (line === undefined) break;
      const text = consoleOf([line]);
      if (text !== '') yield Buffer.from(text);
    }
    // LAVA's error_type blames itself for every machine that ends early; the console knows better.
    this.exit({ reason: 'lost', message: `LAVA: ${errorOf(this.said) ?? 'no message'}` });
  }

  private async readOut(): Promise<void> {
    while ((await this.next()) !== undefined);
  }

  private async next(): Promise<LogLine | undefined> {
    const next = await this.lines.next();
    if (next.done === true) return undefined;
    const line = readLogLine(next.value);
    if (line.level === 'unreadable') this.unreadable = next.value;
    if (line.level !== 'target') this.said.push(line);
    return line;
  }
}

/**
 * Ends lava-run and its QEMU, which is in a session of its own. Their init is killed, and not
 * unshare, which ends by itself when all of them are gone.
 */
async function endNamespaces({ pid, exitCode, signalCode }: Child): Promise<void> {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  const init = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  try {
    process.kill(Number(init) || -pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
