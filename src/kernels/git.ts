// SPDX-License-Identifier: MIT
import { lstat, readFile, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isOwn } from './trusted.js';
import { caged, type Cage, type CagedProgram } from '../system/cage.js';
import type { Environment } from '../system/environment.js';
import { exists, isFolder, projectDir } from '../system/files.js';
import { run, type RunOptions, type RunOutput } from '../system/processes.js';

/** A repository may not have git start anything, nor ask for anything. */
const harmless: Readonly<Record<string, string>> = {
  'core.fsmonitor': 'false',
  'core.hooksPath': '/dev/null',
  'core.pager': 'cat',
  'log.showSignature': 'false',
  'protocol.allow': 'never',
};

/** git's words are read, so they are English; only the repository's own settings count, and few of them. */
const environment: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: join(projectDir, 'scripts', 'git-in-cage.config'),
  GIT_TERMINAL_PROMPT: '0',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  // A repository may say that another object counts in place of one.
  GIT_NO_REPLACE_OBJECTS: '1',
};

/** Seconds of CPU time; the slowest of what is asked here takes a few. */
const cpuSeconds = 900;

/** How to run git on a repository: the options of any program, except those that git needs for itself. */
export type GitOptions = Omit<RunOptions, 'cage' | 'passes' | 'cwd' | 'env'> & {
  /** Folders that it writes to. */
  readonly writes?: readonly string[];
};

/** git's arguments and environment where a repository may be a stranger's. */
const argvFor = (repository: string | undefined, args: readonly string[]): string[] => [
  'git',
  ...Object.entries(harmless).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ...(repository === undefined ? [] : ['-C', resolve(repository)]),
  ...args,
];

/** Runs git in a cage that shows it one repository, and no other file. Throws InfraError, InterruptedError. */
export async function git(
  repository: string,
  args: readonly string[],
  { writes = [], ...options }: GitOptions,
): Promise<RunOutput> {
  const cage = await cageFor(repository, writes);
  return run(argvFor(repository, args), { ...options, cage, env: environment });
}

/** Holds a repository without anything for each kind of names, under whose settings a stranger's objects are read. */
const emptyRepositories = join(projectDir, 'scripts', 'git-objects');
const objectsFound = new Map<string, Promise<Environment>>();

/** What has git read a repository's objects, and no ref, setting, attribute or filter of it. */
function environmentOfObjects(repository: string, signal?: AbortSignal): Promise<Environment> {
  const dir = resolve(repository);
  const known = objectsFound.get(dir) ?? findObjects(dir, signal);
  objectsFound.set(dir, known);
  known.catch(() => objectsFound.delete(dir));
  return known;
}

async function findObjects(repository: string, signal?: AbortSignal): Promise<Environment> {
  const asked = ['rev-parse', '--git-path', 'objects', '--show-object-format'];
  const { stdout } = await git(repository, asked, { stage: 'source', signal });
  const [objects = '', format = ''] = stdout.split('\n');
  return {
    GIT_DIR: join(emptyRepositories, format === 'sha256' ? format : 'sha1'),
    GIT_OBJECT_DIRECTORY: resolve(repository, objects),
  };
}

/** Runs git on the objects of a repository, which are named by their ids only. Throws InfraError, InterruptedError. */
export async function gitOfObjects(
  repository: string,
  args: readonly string[],
  options: Omit<GitOptions, 'writes'>,
): Promise<RunOutput> {
  const { argv, cage, env } = await ofObjects(repository, args, options.signal);
  return run(argv, { ...options, cage, env });
}

/** The same as a command line, for a pipe. */
export async function programOfObjects(
  repository: string,
  args: readonly string[],
): Promise<CagedProgram> {
  const { argv, cage, env } = await ofObjects(repository, args);
  return caged(argv, cage, env);
}

async function ofObjects(
  repository: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<{ argv: readonly string[]; cage: Cage; env: Environment }> {
  const env = await environmentOfObjects(repository, signal);
  const cage = await cageFor(repository, []);
  return {
    argv: argvFor(undefined, args),
    cage: { ...cage, reads: [...(cage.reads ?? []), emptyRepositories] },
    env: { ...environment, ...env },
  };
}

/** Runs a shell script that calls git, without any repository. `"$git" apply` in it is git with its settings. */
export function gitScript(
  script: string,
  args: readonly string[],
  { cwd, cage, ...options }: Omit<RunOptions, 'passes' | 'env'> & { cage: Cage },
): Promise<RunOutput> {
  const reads = [...(cage.reads ?? []), environment['GIT_CONFIG_GLOBAL'] ?? ''];
  const ceiling = { GIT_CEILING_DIRECTORIES: resolve(cwd ?? '/') };
  return run(['sh', '-c', script, 'git', ...args], {
    ...options,
    ...(cwd !== undefined && { cwd }),
    // It applies and lists patches: nothing of theirs is run.
    cage: { trusted: true, cpuSeconds, ...cage, reads },
    env: { ...environment, ...ceiling },
  });
}

async function cageFor(repository: string, writes: readonly string[]): Promise<Cage> {
  const folders = await repositoryFolders(resolve(repository));
  const reads = [...folders, environment['GIT_CONFIG_GLOBAL'] ?? ''];
  return { reads, writes, cpuSeconds, mapsFiles: true, trusted: await isOwn(repository) };
}

/** No chain of repositories that borrow from each other is longer. */
const mostFolders = 16;

/** Every folder that git reads of a repository: its own, and those that it borrows from. */
async function repositoryFolders(repository: string): Promise<string[]> {
  const found = new Set<string>();
  const queue = [repository];
  for (let dir = queue.shift(); dir !== undefined; dir = queue.shift()) {
    if (found.has(dir) || found.size >= mostFolders) continue;
    // A stranger's repository may say that it borrows from ~/.ssh.
    if (dir !== repository && !(await isGits(dir))) continue;
    found.add(dir);
    queue.push(...(await borrowedBy(dir)));
  }
  return [...found];
}

/** Whether a folder is a repository without a work tree, or one's objects. */
async function isGits(dir: string): Promise<boolean> {
  const has = async (...names: string[]): Promise<boolean> =>
    (await Promise.all(names.map((name) => exists(join(dir, name))))).every(Boolean);
  if (!(await isFolder(dir))) return false;
  return (await has('HEAD')) || (await has('pack', 'info'));
}

/** What a folder says that git reads besides: each has to say so itself, for a stranger's may name any. */
async function borrowedBy(dir: string): Promise<string[]> {
  const dotGit = join(dir, '.git');
  const state = await lstat(dotGit).catch(() => undefined);
  const elsewhere = /^gitdir: (.*)$/m.exec((await shortText(dotGit)) ?? '')?.[1];
  const gitDir = elsewhere === undefined ? undefined : resolve(dir, elsewhere);
  const common = resolve(dir, (await shortText(join(dir, 'commondir')))?.trim() ?? '');
  return [
    ...(state?.isDirectory() ? [dotGit] : []),
    ...(gitDir !== undefined && (await isGitDirOf(gitDir, dotGit)) ? [gitDir] : []),
    // A linked work tree's, where git keeps it.
    ...(dirname(dirname(dir)) === common ? [common] : []),
    ...(await alternatesOf(dir)),
  ];
}

/** Whether a folder that a `.git` names knows it: as a linked work tree's does, or a submodule's. */
async function isGitDirOf(gitDir: string, dotGit: string): Promise<boolean> {
  const tree = /^[ \t]*worktree[ \t]*=[ \t]*"?([^"\n]*)/m.exec(
    (await shortText(join(gitDir, 'config'))) ?? '',
  )?.[1];
  const back = [
    (await shortText(join(gitDir, 'gitdir')))?.trim(),
    tree === undefined ? undefined : join(tree, '.git'),
  ];
  const real = (path: string): Promise<string> => realpath(path).catch(() => path);
  for (const path of back) {
    if (path !== undefined && (await real(resolve(gitDir, path))) === (await real(dotGit)))
      return true;
  }
  return false;
}

/** Folders of objects that a repository, or such a folder, borrows from; none where a filter of its own could tell them. */
async function alternatesOf(dir: string): Promise<string[]> {
  const configs = await Promise.all(
    ['config', 'config.worktree'].map((name) => shortText(join(dir, name))),
  );
  if (configs.some((text) => /\[\s*(?:filter|include)/i.test(text ?? ''))) return [];
  const places = [join(dir, 'objects'), dir];
  const read = async (objects: string): Promise<string[]> => {
    const lines = ((await shortText(join(objects, 'info', 'alternates'))) ?? '').split('\n');
    const named = lines.filter((line) => line !== '' && !line.startsWith('#'));
    return named.map((line) => resolve(objects, line));
  };
  return (await Promise.all(places.map(read))).flat();
}

/** The text of a short file; undefined if it does not exist. */
async function shortText(path: string): Promise<string | undefined> {
  try {
    const state = await lstat(path);
    return state.isFile() && state.size <= 65536 ? await readFile(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
