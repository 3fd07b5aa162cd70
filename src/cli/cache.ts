// SPDX-License-Identifier: MIT
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../model/errors.js';
import { cacheDir } from '../system/files.js';
import { run } from '../system/processes.js';

/** What can be made or fetched again, by the folder of the cache that holds it. */
const kinds: Readonly<Record<string, string>> = {
  sources: 'unpacked kernel sources',
  git: 'fetched repositories',
  kernels: 'built kernels',
  ccache: "the compiler's cache",
  apt: 'package lists and downloads',
  qemu: 'fetched QEMU',
  programs: 'compiled test programs',
  images: 'initramfs images',
  jobs: 'results of jobs, for reuse',
  plots: 'pictures of reports',
  logs: 'logs of failed builds',
};

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/** `busyguest cache`: sizes by kind; with --prune, the oldest entries go first. */
export async function cache(options: { readonly prune?: string }): Promise<number> {
  const limit = options.prune === undefined ? undefined : parseSize(options.prune);
  process.stdout.write(`${cacheDir()}\n`);
  const entries = new Map<string, Entry[]>();
  for (const [kind, what] of Object.entries(kinds)) {
    const found = await entriesOf(kind);
    entries.set(kind, found);
    const bytes = found.reduce((sum, entry) => sum + entry.bytes, 0);
    process.stdout.write(
      `  ${kind.padEnd(9)} ${gib(bytes).padStart(9)}  ${found.length} ${what}\n`,
    );
  }
  if (limit !== undefined) await prune([...entries.values()].flat(), limit);
  return 0;
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text);
  if (!match) throw new UsageError(`--prune ${text}: a size is needed, as 500M or 5G`);
  return Number(match[1]) * 1024 ** ('KMGT'.indexOf(match[2] || '?') + 1);
}

async function entriesOf(kind: string): Promise<Entry[]> {
  const dir = cacheDir(kind);
  const names = await readdir(dir).catch(() => []);
  const paths = names.filter((name) => !name.endsWith('.lock')).map((name) => join(dir, name));
  if (paths.length === 0) return [];
  // The compiler's cache is one thing that trims itself.
  const whole = kind === 'ccache' ? [dir] : paths;
  const { stdout } = await run(['du', '-s', '-B1', ...whole], { stage: 'cache', okCodes: [0, 1] });
  return Promise.all(
    stdout
      .trim()
      .split('\n')
      .map(async (line) => {
        const [bytes = '0', path = ''] = line.split('\t');
        return { path, bytes: Number(bytes), usedMs: (await stat(path)).mtimeMs };
      }),
  );
}

async function prune(entries: readonly Entry[], limit: number): Promise<void> {
  let total = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  for (const entry of [...entries].sort((a, b) => a.usedMs - b.usedMs)) {
    if (total <= limit) break;
    await rm(entry.path, { recursive: true, force: true });
    process.stdout.write(`removed ${entry.path} (${gib(entry.bytes)})\n`);
    total -= entry.bytes;
  }
  process.stdout.write(`left: ${gib(total)}\n`);
}
