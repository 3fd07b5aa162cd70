// SPDX-License-Identifier: MIT
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InfraError, InterruptedError } from '../model/errors.js';
import { environmentFor } from './environment.js';
import { dieWithParent, killGroup } from './processes.js';

/** How to send bytes through a program. */
export interface PipeOptions {
  /** What is being done, for the error. */
  readonly stage: string;
  readonly signal: AbortSignal;
  /** The error when the program does not like its input; gets the end of its stderr. */
  readonly failed: (stderr: string) => Error;
}

const stderrKept = 2000;
/** What a pipe says whose reader has gone: the reader's own end tells more. */
const readerGone = new Set(['EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET']);

/**
 * The output of a program that is fed with `input`, as it comes: nothing is held in memory.
 * Throws what `input` threw, `failed()` on a bad exit code, InfraError when the program is
 * missing, InterruptedError. Ends the program when its reader stops.
 */
export async function* pipeThrough(
  argv: readonly string[],
  input: AsyncIterable<Uint8Array>,
  options: PipeOptions,
): AsyncGenerator<Buffer> {
  const { stage, signal, failed } = options;
  signal.throwIfAborted();
  const [program, ...before] = dieWithParent;
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    program,
    [...before, ...argv],
    { stdio: 'pipe', detached: true, env: environmentFor('tools') },
  );
  const closed = once(child, 'close').then(
    ([code]) => code as number | null,
    () => 127,
  );
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => {
    stderr = (stderr + data.toString()).slice(-stderrKept);
  });
  const fed = pipeline(input, child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  );
  const stop = (): void => killGroup(child.pid);
  signal.addEventListener('abort', stop, { once: true });
  let ended = false;
  try {
    for await (const chunk of child.stdout) yield chunk as Buffer;
    const code = await closed;
    ended = true;
    if (signal.aborted) throw new InterruptedError(`${stage}: interrupted`);
    const cause = await fed;
    if (cause instanceof Error && !readerGone.has((cause as NodeJS.ErrnoException).code ?? '')) {
      throw cause;
    }
    if (code === 127) throw missing(stage, argv[0] ?? '');
    if (code !== 0) throw failed(stderr.trim());
  } finally {
    signal.removeEventListener('abort', stop);
    if (!ended) stop();
  }
}

function missing(stage: string, program: string): InfraError {
  return new InfraError(
    stage,
    `${program}: program not found`,
    'run "busyguest doctor": it shows what is missing and the line that installs it',
  );
}
