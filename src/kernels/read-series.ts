// SPDX-License-Identifier: MIT
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { nearestFileHint } from '../documents/nearest-file.js';
import { JobError } from '../model/errors.js';
import { exists, filesIn, isFolder } from '../system/files.js';
import { readInput } from '../system/input.js';
import { git } from './git.js';
import { hasDiff, isMbox, readMail, splitMbox, type Mail } from './mbox.js';
import { orderSeries, subjectTags } from './series-order.js';
import type { Patch } from './series.js';

/** No series comes near, nor the thread around it: what has more is something else. */
const largestBytes = 64 * 1024 ** 2;
const mostMails = 10_000;
const patchFile = /\.(?:patch|diff)$/;
const mailFile = /\.(?:patch|diff|eml|mbox|mbx)(?:\.gz)?$/;

/**
 * The patches of a patch file, a folder of them, an mbox (.gz too), a maildir, or commits
 * `PATH#A..B` of a git repository, in the order in which they apply (see orderSeries). Throws
 * JobError when there are none or one is missing.
 */
export async function readSeries(path: string, signal: AbortSignal): Promise<Patch[]> {
  const mails = await readMailsOf(path, signal);
  const keepsNames = await isFolder(path);
  const [only] = mails;
  // One patch that was asked for by its name, whatever series it once was part of.
  if (only && mails.length === 1 && patchFile.test(path) && !keepsNames) {
    if (!hasDiff(only.text)) throw noPatches(path);
    return [patchOf(only, basename(path))];
  }
  return orderSeries(mails, path).map((mail, index) =>
    patchOf(mail, keepsNames && patchFile.test(mail.place) ? mail.place : nameOf(mail, index)),
  );
}

/** All mails of what readSeries reads: the cover letter and the replies too. Throws JobError when there is nothing. */
export async function readMailsOf(path: string, signal: AbortSignal): Promise<Mail[]> {
  const at = path.lastIndexOf('#');
  const range = path.slice(at + 1);
  const isRange = at > 0 && range.indexOf('..', 1) > 0 && !/\s/.test(range);
  if (isRange && !(await exists(path))) return formatPatch(path.slice(0, at), range, signal);
  if (!(await exists(path))) throw noPatches(path, await nearestFileHint(path));
  return (await isFolder(path)) ? readFolder(path) : readMails([path], path);
}

const neededPatches =
  'a patch, a folder of patches, an mbox, a maildir or REPOSITORY#A..B is needed';

function noPatches(path: string, hint = neededPatches): JobError {
  return new JobError([{ message: `${path}: no patches`, hint }]);
}

async function readFolder(path: string): Promise<Mail[]> {
  const maildir = ['cur', 'new'].map((name) => join(path, name));
  const isMaildir = (await Promise.all(maildir.map(isFolder))).some(Boolean);
  if (isMaildir) {
    const files = (await Promise.all(maildir.map(filesOf))).flat().sort(byNumber);
    return readMails(files, path);
  }
  const files = (await filesIn(path)).filter((file) => mailFile.test(file));
  if (files.length === 0) throw noPatches(path);
  return readMails(files, path);
}

const filesOf = async (dir: string): Promise<string[]> =>
  (await readdir(dir).catch(() => [])).map((name) => join(dir, name));

const byNumber = (a: string, b: string): number =>
  basename(a).localeCompare(basename(b), 'en', { numeric: true });

/** The mails of some files. @param path what was asked for, and is named where it is too much */
async function readMails(files: readonly string[], path: string): Promise<Mail[]> {
  const mails: Mail[] = [];
  let bytesLeft = largestBytes;
  for (const file of files) {
    const bytes = await bytesOf(file, bytesLeft, path);
    bytesLeft -= bytes.length;
    const split = isMbox(bytes) ? splitMbox(bytes) : [];
    if (mails.length + split.length >= mostMails) throw tooMuch(path, `${mostMails} mails`);
    const name = basename(file);
    // A single patch keeps its text to the byte: builds are known by it.
    if (split.length < 2) mails.push(await readMail(bytes, name));
    else {
      const place = (index: number): string => `mail ${index + 1} of ${name}`;
      mails.push(...(await Promise.all(split.map((mail, index) => readMail(mail, place(index))))));
    }
  }
  return mails;
}

async function bytesOf(file: string, most: number, path: string): Promise<Buffer> {
  const tooLarge = (): JobError => tooMuch(path, `${largestBytes / 1024 ** 2} MiB of mail`);
  if ((await stat(file)).size > most) throw tooLarge();
  const packed = await readInput(file, most);
  if (!file.endsWith('.gz')) return packed;
  try {
    return await promisify(gunzip)(packed, { maxOutputLength: Math.max(most, 1) });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw new JobError([{ message: `${file}: ${(error as Error).message}` }]);
  }
}

const tooMuch = (path: string, what: string): JobError =>
  new JobError([{ message: `${path}: more than ${what}` }]);

/** Commits of a repository as mails; what the user has set for format-patch must not show. */
async function formatPatch(
  repository: string,
  range: string,
  signal: AbortSignal,
): Promise<Mail[]> {
  const options = ['--stdout', '--numbered', '--no-attach', '--no-thread', '--no-cover-letter'];
  const form = ['--subject-prefix=PATCH', '--no-signature', '--full-index', '--no-color'];
  const diff = ['--no-ext-diff', '--no-textconv', '--src-prefix=a/', '--dst-prefix=b/'];
  const args = ['format-patch', ...options, ...form, ...diff, range, '--'];
  const { stdout, stderr, exitCode } = await git(repository, args, {
    stage: 'source',
    signal,
    okCodes: [0, 128],
    bytes: true,
  });
  if (exitCode !== 0) {
    throw new JobError([{ message: `${repository}#${range}: ${stderr.trim()}` }]);
  }
  const mails = splitMbox(Buffer.from(stdout, 'latin1'));
  // The line that splitMbox takes away is format-patch's own.
  const ids = [...stdout.matchAll(/^From ([0-9a-f]{40}) Mon Sep 17 00:00:00 2001$/gm)];
  return Promise.all(
    mails.map(async (mail, index) => {
      const read = await readMail(mail, `commit ${index + 1} of ${range}`);
      const commit = ids.length === mails.length ? ids[index]?.[1] : undefined;
      return { ...read, ...(commit !== undefined && { commit }) };
    }),
  );
}

/** The name that format-patch would give: `0001-sched-Do-it.patch`. */
function nameOf(mail: Mail, index: number): string {
  const { title } = subjectTags(mail.subject);
  const words = (title || mail.place)
    .replace(/[^A-Za-z0-9._]+/g, '-')
    .replace(/^[-.]+|(?<![-.])[-.]+$/g, '');
  return `${String(index + 1).padStart(4, '0')}-${words.slice(0, 52)}.patch`;
}

function patchOf(mail: Mail, name: string): Patch {
  const { from, subject, text, commit } = mail;
  return {
    name,
    text,
    ...(subject !== '' && { subject }),
    ...(from !== '' && { from }),
    ...(commit !== undefined && { commit }),
  };
}
