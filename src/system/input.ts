// SPDX-License-Identifier: MIT
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { Socket } from 'node:net';
import { JobError } from '../model/errors.js';

const pieceBytes = 256 * 1024;
const smallestPieceBytes = 4096;
/** Brackets within brackets; what busyguest writes has about 8. */
const deepestJson = 64;

const refused = (path: string, why: string): JobError =>
  new JobError([{ message: `${path}: refused: ${why}` }]);

/** Who opens a FIFO or a device must not wait for it, nor be changed by it. */
const calmly = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

const kindOf = (stats: Awaited<ReturnType<FileHandle['stat']>>): string =>
  stats.isDirectory()
    ? 'a folder'
    : stats.isFIFO()
      ? 'a pipe'
      : stats.isSocket()
        ? 'a socket'
        : 'a device';

/**
 * Opens a file that anybody may have made, to be read: a regular one, never one that is waited for. Throws JobError for
 * any other kind, and what open() throws.
 * @param links whether it may be reached through a link in its folder
 */
export async function openInput(path: string, links = true): Promise<FileHandle> {
  const file = await open(path, links ? calmly : calmly | constants.O_NOFOLLOW).catch(
    (error: unknown) => {
      if (!links && (error as NodeJS.ErrnoException).code === 'ELOOP')
        throw refused(path, 'it is a link, not a file');
      throw error;
    },
  );
  try {
    const stats = await file.stat();
    if (stats.isFile()) return file;
    throw refused(path, `it is ${kindOf(stats)}, not a file`);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * The bytes of a file that anybody may have made. Throws JobError when it is no regular file or has more than `most`
 * bytes, and what open() throws.
 */
export async function readInput(path: string, most: number, links = true): Promise<Buffer> {
  await using file = await openInput(path, links);
  return await whole(file, path, most);
}

/**
 * The same, where a pipe makes sense too: `<(a command)`.
 * @param silentMs how long it may say nothing before it is given up
 */
export async function readInputOrPipe(
  path: string,
  most: number,
  silentMs = 10_000,
): Promise<Buffer> {
  const stats = await stat(path);
  if (!stats.isFIFO() && !stats.isSocket()) return readInput(path, most);
  // By number: the socket closes it, and a FileHandle would close it once more.
  const fd = openSync(path, calmly);
  if (fstatSync(fd).isFIFO()) return pipe(fd, path, most, silentMs);
  closeSync(fd);
  throw refused(path, 'it is no pipe any more');
}

async function whole(file: FileHandle, path: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { size } = await file.stat();
  // Not by its size alone: a file of /proc has none, and one that grows has another.
  const piece = Math.min(pieceBytes, Math.max(size + 1, smallestPieceBytes));
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(piece), 0, piece);
    if (bytesRead === 0) return Buffer.concat(chunks);
    bytes += bytesRead;
    if (bytes > most) throw refused(path, `it has more than ${most} bytes`);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

async function pipe(fd: number, path: string, most: number, silentMs: number): Promise<Buffer> {
  const socket = new Socket({ fd, readable: true, writable: false });
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    socket.setTimeout(silentMs, () =>
      socket.destroy(refused(path, `the pipe said nothing for ${silentMs / 1000} s`)),
    );
    for await (const chunk of socket) {
      bytes += (chunk as Buffer).length;
      if (bytes > most) throw refused(path, `it has more than ${most} bytes`);
      chunks.push(chunk as Buffer);
    }
  } finally {
    socket.destroy();
  }
  return Buffer.concat(chunks);
}

/** The text of a file that anybody may have made; undefined where it is not there. Throws JobError. */
export async function readInputIfThere(
  path: string,
  most: number,
  links = true,
): Promise<string | undefined> {
  try {
    return (await readInput(path, most, links)).toString('utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Parses JSON that anybody may have written. Throws JobError if it is not JSON, or nested so deeply that it is an attack. */
export function parseJson(path: string, text: string): unknown {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (inText) {
      if (char === 0x5c) at += 1;
      else if (char === 0x22) inText = false;
    } else if (char === 0x22) inText = true;
    else if (char === 0x5b || char === 0x7b) depth += 1;
    else if (char === 0x5d || char === 0x7d) depth -= 1;
    if (depth > deepestJson) throw refused(path, 'its nesting is too deep');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw refused(path, `it is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

/** What a zod schema says of data, which stays out of `model` and `system`. */
interface Checked<T> {
  safeParse(
    data: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly Issue[] } };
}
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Data of anybody as a schema has it. Throws JobError with the first thing that is wrong. */
export function checked<T>(path: string, schema: Checked<T>, data: unknown): T {
  const result = schema.safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const at = (issue?.path ?? []).map(String).join('.');
  const message = issue?.message ?? 'invalid';
  const problem = at === '' || message.startsWith(at) ? message : `${at}: ${message}`;
  throw refused(path, JSON.stringify(problem.slice(0, 300)).slice(1, -1));
}

/**
 * A JSON file in a folder of anybody as a schema has it; never through a link, for what a link leads to may be ours, and
 * would stand in the error. Throws JobError, and what open() throws. @param most bytes
 */
export async function readJson<T>(path: string, schema: Checked<T>, most: number): Promise<T> {
  const text = (await readInput(path, most, false)).toString('utf8');
  return checked(path, schema, parseJson(path, text));
}

/** The same; undefined where it is not there. */
export async function readJsonIfThere<T>(
  path: string,
  schema: Checked<T>,
  most: number,
): Promise<T | undefined> {
  const text = await readInputIfThere(path, most, false);
  return text === undefined ? undefined : checked(path, schema, parseJson(path, text));
}
