// SPDX-License-Identifier: MIT
import type { SourceRef } from '../model/source-ref.js';
import { join } from 'node:path';
import { InfraError, JobError } from '../model/errors.js';
import type { Say } from '../model/event.js';
import { use } from '../system/cache.js';
import { cacheDir, digest, makeFolderWhole } from '../system/files.js';
import { fetching, watchGrowth } from '../system/growth.js';
import { withLock } from '../system/lock.js';
import { run } from '../system/processes.js';
import { git } from './git.js';
import { pinCommit } from './git-source.js';
import type { KernelSource } from './pinned-source.js';

/** What git says when the other side has no such branch, tag or commit. */
const noSuchRef = /couldn't find remote ref|not our ref|unadvertised object|invalid refspec/i;
// Nobody is there to type a password or to accept a host's key.
const env = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
  GIT_ALLOW_PROTOCOL: 'http:https:git:ssh:file',
};

/**
 * `git+URL#REF`: one commit of a repository elsewhere, without its history, kept in a bare
 * repository of the cache. REF is a branch, a tag or a whole commit id.
 */
export function gitUrlSource({ url, ref }: SourceRef & { kind: 'url' }): KernelSource {
  return {
    kind: 'git-url',
    async pin(signal, say) {
      const repository = cacheDir('git', `${digest(url).slice(0, 16)}.git`);
      const kept = `refs/busyguest/${digest(ref).slice(0, 16)}`;
      const onWait = (pid: number): void => say(`waiting for process ${pid}`);
      const commit = await withLock(`${repository}.lock`, signal, onWait, async () => {
        await initBare(repository, signal);
        await fetch(repository, url, ref, kept, signal, say);
        return revParse(repository, `${kept}^{commit}`, signal);
      });
      if (commit === undefined) throw noCommit(url, ref);
      const names = await refNames(repository, ref, kept, signal);
      const named = { commit, url, ...names };
      const pinned = await pinCommit(repository, named, `${url} ${ref}`, signal);
      // Without history nobody can tell what is part of it, so that it is the name which is trusted.
      const name = `git+${url}#${ref}`;
      return { ...pinned, origin: name, trusts: (origin) => Promise.resolve(origin === name) };
    },
  };
}

/** A tag object has the tag's name, which is what describes it; without history nothing else does. */
async function refNames(
  repository: string,
  ref: string,
  kept: string,
  signal: AbortSignal,
): Promise<{ readonly branch?: string; readonly described?: string }> {
  if (/^[0-9a-f]{40}$/.test(ref) || ref === 'HEAD') return {};
  const options = { stage: 'source', signal };
  const { stdout } = await git(repository, ['cat-file', '-t', kept], options);
  const short = ref.replace(/^refs\/(?:heads|tags)\//, '');
  const isTag = stdout.trim() === 'tag' || ref.startsWith('refs/tags/');
  return isTag ? { described: short } : { branch: short };
}

async function initBare(repository: string, signal: AbortSignal): Promise<void> {
  if (await use(repository)) return;
  await makeFolderWhole(repository, async (dir) => {
    await run(['git', 'init', '--quiet', '--bare', dir], { stage: 'fetch', signal });
    // A pinned commit must stay, also when its branch has moved on.
    await run(['git', '-C', dir, 'config', 'gc.auto', '0'], { stage: 'fetch', signal });
  });
}

async function fetch(
  repository: string,
  url: string,
  ref: string,
  kept: string,
  signal: AbortSignal,
  say: Say,
): Promise<void> {
  // A commit does not change: what was fetched once need not be asked for again.
  const isCommit = /^[0-9a-f]{40}$/.test(ref);
  if (isCommit && (await revParse(repository, `${kept}^{commit}`, signal)) === ref) return;
  const tell = fetching(`${ref} of ${url}`, undefined, say);
  const options = ['--quiet', '--depth=1', '--no-tags', '--no-write-fetch-head', '--force'];
  const argv = ['git', '-C', repository, 'fetch', ...options, '--', url, `${ref}:${kept}`];
  const how = { stage: 'fetch', signal, env, passes: 'network', okCodes: [0, 1, 128] } as const;
  const packs = join(repository, 'objects', 'pack');
  const { exitCode, stderr } = await watchGrowth(packs, tell, () => run(argv, how));
  if (exitCode === 0) return;
  if (noSuchRef.test(stderr)) throw noCommit(url, ref);
  const why = stderr.trim().split('\n').slice(-5);
  throw new InfraError(
    'fetch',
    `git cannot fetch from ${url}`,
    'is the URL right, and reachable?',
    why,
  );
}

async function revParse(
  repository: string,
  name: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { stdout, exitCode } = await git(repository, ['rev-parse', '--verify', '--quiet', name], {
    stage: 'source',
    signal,
    okCodes: [0, 1, 128],
  });
  return exitCode === 0 ? stdout.trim() : undefined;
}

function noCommit(url: string, ref: string): JobError {
  return new JobError([
    {
      message: `${url} has no "${ref}"`,
      hint: 'a branch, a tag or a whole commit id of that repository is needed',
    },
  ]);
}
