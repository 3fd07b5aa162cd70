// SPDX-License-Identifier: MIT
import { relative } from 'node:path';
import { UsageError } from '../model/errors.js';
import { cacheKinds } from '../system/cache-kinds.js';
import { cacheEntries, cacheGrew, trim, unknownInCache, type CacheEntry } from '../system/cache.js';
import { cacheDir } from '../system/files.js';
import { interruptible } from './signals.js';
import { exits, type Declare } from './command.js';

/** What the cache may hold, bytes: a dozen kernel sources and everything made from them. */
const defaultLimit = '20G';
const shownEntries = 12;

/** `busyguest cache`: sizes by kind, the largest entries and when they were last used; --prune frees space. */
export async function cache(options: { readonly prune?: string }): Promise<number> {
  const prune = options.prune === undefined ? undefined : parseSize('--prune', options.prune);
  const limit = cacheLimit();
  return interruptible(async (signal) => {
    const entries = await cacheEntries(signal);
    show(entries, limit, await unknownInCache());
    if (prune === undefined) return 0;
    const removed = await trim(prune, signal);
    if (removed === undefined) process.stdout.write('another process is trimming the cache\n');
    for (const entry of removed ?? []) process.stdout.write(`removed ${lineOf(entry)}\n`);
    const left = sum(await cacheEntries(signal));
    process.stdout.write(`left: ${gib(left)}\n`);
    if (left > prune) process.stdout.write("the rest is in use, or the compiler's cache\n");
    return 0;
  });
}

/** The size to which runs trim the cache, bytes: $BUSYGUEST_CACHE_SIZE. Throws UsageError. */
export function cacheLimit(): number {
  return parseSize('BUSYGUEST_CACHE_SIZE', process.env['BUSYGUEST_CACHE_SIZE'] || defaultLimit);
}

/** Brings the cache below its limit after a run that put something in. What goes wrong with it is said, and is no error of the run. */
export async function trimAfterRun(limit: number, signal: AbortSignal): Promise<void> {
  // To measure it takes longer than a run that changes nothing.
  if (!cacheGrew() || signal.aborted) return;
  try {
    const removed = (await trim(limit, signal)) ?? [];
    if (removed.length === 0) return;
    const what = `${removed.length} entries, ${gib(sum(removed))}`;
    process.stderr.write(
      `busyguest: the cache was over ${gib(limit)}; removed the oldest: ${what}\n`,
    );
  } catch (error) {
    if (signal.aborted) return;
    process.stderr.write(`busyguest: the cache was not trimmed: ${(error as Error).message}\n`);
  }
}

const sum = (entries: readonly CacheEntry[]): number =>
  entries.reduce((total, { bytes }) => total + bytes, 0);
const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
const time = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');

const lineOf = ({ path, bytes, usedMs }: CacheEntry): string =>
  `${gib(bytes).padStart(10)}  ${time(usedMs)}  ${relative(cacheDir(), path)}`;

function show(entries: readonly CacheEntry[], limit: number, unknown: readonly string[]): void {
  const out = (line: string): boolean => process.stdout.write(`${line}\n`);
  out(`${cacheDir()}: ${gib(sum(entries))} of at most ${gib(limit)} (BUSYGUEST_CACHE_SIZE)`);
  for (const [kind, { what, trimsItself }] of Object.entries(cacheKinds)) {
    const mine = entries.filter((entry) => entry.kind === kind);
    const used =
      mine.length === 0 ? '' : `, last used ${time(Math.max(...mine.map((e) => e.usedMs)))}`;
    const count = trimsItself ? '' : `${mine.length} `;
    out(`${gib(sum(mine)).padStart(10)}  ${kind.padEnd(10)} ${count}${what}${used}`);
  }
  if (unknown.length > 0) {
    const names = unknown.join(', ');
    out(`not known to this version, so neither counted nor removed: ${names}`);
  }
  const largest = [...entries].sort((a, b) => b.bytes - a.bytes).slice(0, shownEntries);
  if (largest.length > 0) out('\nthe largest, and when they were last used (UTC):');
  for (const entry of largest) out(lineOf(entry));
}

function parseSize(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text);
  if (!match) throw new UsageError(`${option} ${text}: a size is needed, such as 500M or 5G`);
  return Number(match[1]) * 1024 ** ('KMGT'.indexOf(match[2] || '?') + 1);
}

/** Options and help of `busyguest cache`. */
export const declare: Declare = (command) =>
  command
    .option(
      '--prune <size>',
      'remove what was used longest ago, until no more than this is left, such as 5G',
    )
    .addHelpText(
      'after',
      `
A run that adds something to the cache then prunes it to BUSYGUEST_CACHE_SIZE (default 20G). What a running busyguest
uses is never removed.

Example:
  busyguest cache --prune 5G`,
    )
    .action(exits(cache));
