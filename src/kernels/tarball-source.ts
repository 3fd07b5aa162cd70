// SPDX-License-Identifier: MIT
import { basename, join } from 'node:path';
import { withNearestFile } from '../documents/nearest-file.js';
import { JobError } from '../model/errors.js';
import type { Say } from '../model/event.js';
import { use } from '../system/cache.js';
import { cacheDir, exists, makeFolderWhole } from '../system/files.js';
import { cachedDigest, fileFacts } from '../system/file-facts.js';
import { withLock } from '../system/lock.js';
import { run } from '../system/processes.js';
import { treeInCache } from './debian-source.js';
import { kernelMarks, type KernelSource } from './pinned-source.js';
import { checkSignature, findSignature } from './signature.js';
import { TarListing } from './tar-listing.js';

const tarball = /\.(?:tar\.(?:xz|gz|zst)|tgz|txz)$/;

/** What is found out about a tarball. */
interface Examined {
  readonly sha256: string;
  readonly signature: string;
}

/** Whether a path is a tarball's by its name. */
export function isTarball(path: string): boolean {
  return tarball.test(path);
}

/**
 * A kernel tarball, unpacked once into the cache by its content. A signature beside it is checked
 * when gpg has the key. Throws JobError for a bad signature, a hostile or damaged archive, no kernel.
 */
export function tarballSource(path: string): KernelSource {
  const check = async (): Promise<void> => {
    if (!(await exists(path))) {
      throw new JobError([{ message: await withNearestFile(path, `${path}: no such file`) }]);
    }
  };
  return {
    kind: 'tarball',
    check,
    async pin(signal, say) {
      await check();
      const { sha256, signature } = await examine(path, signal, say);
      const id = `tar-${sha256.slice(0, 24)}`;
      const tree = cacheDir('sources', id);
      const onWait = (pid: number): void => say(`waiting for process ${pid}`);
      const fill = async (): Promise<void> => {
        if (await use(tree)) return;
        say(`unpacking ${basename(path)}`);
        await makeFolderWhole(tree, (dir) => unpack(path, dir, signal));
      };
      if (!(await use(tree))) await withLock(`${tree}.lock`, signal, onWait, fill);
      const label = `${basename(path)} (sha256 ${sha256.slice(0, 16)}, ${signature})`;
      return { ...treeInCache(id, label, tree), origin: id };
    },
  };
}

async function examine(path: string, signal: AbortSignal, say: Say): Promise<Examined> {
  const signature = await findSignature(path);
  const files = [path, ...(signature ? [signature.path] : [])];
  return fileFacts('tarball', files, async () => {
    say(`reading ${basename(path)}`);
    const sha256 = await cachedDigest(path);
    const check = await checkSignature(path, signal);
    say(`${basename(path)}: ${check.text}`);
    return { value: { sha256, signature: check.text }, stays: check.final };
  });
}

async function unpack(path: string, dir: string, signal: AbortSignal): Promise<void> {
  const strip = await check(path, signal);
  const owner = ['--no-same-owner', '--no-same-permissions'];
  const argv = ['tar', '-xf', path, '-C', dir, `--strip-components=${strip}`, ...owner];
  await run(argv, { stage: 'fetch', signal });
  for (const [mark, what] of Object.entries(kernelMarks)) {
    if (await exists(join(dir, mark))) continue;
    throw refused(path, `not a kernel tree: ${mark} (${what}) is missing`);
  }
}

// The program that lists is the one that unpacks: two readers could see two archives.
async function check(path: string, signal: AbortSignal): Promise<0 | 1> {
  const listing = new TarListing();
  const stop = new AbortController();
  const list = ['tar', '--list', '--verbose', '--numeric-owner', '--quoting-style=c', '-f', path];
  const { exitCode, stderr } = await run(list, {
    stage: 'fetch',
    signal: AbortSignal.any([signal, stop.signal]),
    env: { LC_ALL: 'C' },
    okCodes: [0, 1, 2],
    onLine(line) {
      listing.feed(line);
      // A bomb is not unpacked to its end to count its bytes.
      if (listing.fault !== undefined) stop.abort();
    },
  }).catch((error: unknown) => {
    if (listing.fault === undefined || signal.aborted) throw error;
    return { exitCode: 0, stderr: '' };
  });
  if (exitCode !== 0) throw refused(path, `damaged: ${stderr.trim().split('\n')[0] ?? ''}`);
  const checked = listing.end();
  if (typeof checked === 'string') throw refused(path, checked);
  return checked.strip;
}

function refused(path: string, why: string): JobError {
  return new JobError([{ message: `${path}: refused: ${why}` }]);
}
