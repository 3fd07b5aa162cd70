// SPDX-License-Identifier: MIT
import { lstat, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { usualArchitecture } from '../architectures/architectures.js';
import { folderForCages, use } from '../system/cache.js';
import { cacheDir, makeFolderWhole, readIfThere } from '../system/files.js';
import { run } from '../system/processes.js';
import type { Changes, PinnedSource } from './pinned-source.js';
import { readBuilt } from './tree-file.js';
import { changesSince, fileDigest, type TreeState, type WorkTree } from './work-tree.js';

/** Goes up when what is kept, or how it is built upon, changes. */
const format = 1;
/** With more other lines of a config, nearly everything is compiled anew. */
const mostConfigLines = 20;
/** Of so many sources that differ from the wanted one it is found out how much. */
const mostSources = 3;

/** What a kept object tree was made of. */
export interface Recipe {
  readonly state: TreeState;
  /** As PinnedSource has it; absent: a distribution's. */
  readonly origin?: string;
  /** Digests of the patches that are not busyguest's own. */
  readonly patches: readonly string[];
  /** What the kernel is configured from, line by line. */
  readonly config: readonly string[];
  /** What compiles, with its versions. */
  readonly toolchain: string;
  /** The kernel's name for the architecture. */
  readonly arch: string;
  /** What else of this machine Kconfig asks, with its state. */
  readonly tools: string;
}

type Facts = Readonly<Record<string, string>>;

interface Kept extends Omit<Recipe, 'arch'> {
  /** Absent: the usual one, in what was kept before there were others. */
  readonly arch?: string;
  readonly format: number;
  /** What was found out when it was configured. */
  readonly configured?: Facts;
  /** Where it was built, if what was built says so (debug information). */
  readonly tree?: string;
}

/** An object tree to build upon. */
export interface Start {
  /** The kernel that it was kept of. */
  readonly key: string;
  /** Files of the work tree that are other than when it was built, or stand for one that is. */
  readonly changed: readonly string[];
  /** Folders, relative to the object tree, in which everything must be rebuilt. */
  readonly folders: readonly string[];
  /** Where it is configured as it is wanted already: what was found out then. */
  readonly configured?: Facts;
}

const keptDir = (key: string): string => cacheDir('objects', key);

async function keptTrees(): Promise<{ key: string; kept: Kept; usedMs: number }[]> {
  const found: { key: string; kept: Kept; usedMs: number }[] = [];
  for (const key of await readdir(cacheDir('objects')).catch(() => [])) {
    const text = await readIfThere(join(keptDir(key), 'kept.json')).catch(() => undefined);
    if (text === undefined || key.endsWith('.tmp')) continue;
    const kept = JSON.parse(text) as Kept;
    const { mtimeMs } = await stat(keptDir(key)).catch(() => ({ mtimeMs: 0 }));
    if (kept.format === format) found.push({ key, kept, usedMs: mtimeMs });
  }
  return found.sort((a, b) => b.usedMs - a.usedMs);
}

/**
 * The kept object tree with the fewest changes to what is to be built, of the same config and toolchain. None that
 * was built by code which is no part of what is built now: it could have left anything there.
 */
export async function nearestStart(
  wanted: Recipe,
  source: PinnedSource,
  work: WorkTree,
  signal: AbortSignal,
): Promise<Start | undefined> {
  const compared = new Map<string, Changes | undefined>([[source.id, { paths: [], added: [] }]]);
  let best: { readonly start: Start; readonly lines: number } | undefined;
  for (const { key, kept } of await keptTrees()) {
    const lines = differingLines(kept.config, wanted.config);
    if (lines > mostConfigLines || kept.toolchain !== wanted.toolchain) continue;
    if ((kept.arch ?? usualArchitecture.name) !== wanted.arch) continue;
    if (best && lines > best.lines) continue;
    if (kept.tree !== undefined && kept.tree !== work.tree) continue;
    if (!(await isTrusted(kept, wanted, source, signal))) continue;
    const { source: id } = kept.state;
    if (!compared.has(id)) {
      if (compared.size > mostSources) continue;
      compared.set(id, await changesSince(source, id, signal));
    }
    const between = compared.get(id);
    const changes =
      between && (await changesOfStates(kept.state, wanted.state, between, source, signal));
    const isNearer =
      best?.lines !== lines || best.start.changed.length > (changes?.paths.length ?? 0);
    if (changes === undefined || !isNearer) continue;
    const start = await startFrom(key, changes, work, wanted.arch, signal);
    if (!start || !(await use(keptDir(key)))) continue;
    const configured = await configuredAs(wanted, key, kept, changes);
    best = { start: { ...start, ...(configured && { configured }) }, lines };
  }
  return best?.start;
}

/** What was found out when a kept tree was configured, where Kconfig would come to the same again. */
async function configuredAs(
  wanted: Recipe,
  key: string,
  { configured, config, tools }: Kept,
  { paths }: Changes,
): Promise<Facts | undefined> {
  // Of two lines for one symbol the later one counts.
  if (tools !== wanted.tools || config.join('\n') !== wanted.config.join('\n')) return undefined;
  const text = await readBuilt(join(keptDir(key), 'obj'), 'include/config/auto.conf.cmd');
  const read = new Set(text?.split(/[\s\\]+/));
  // The top Makefile has the version, which is in the .config; scripts are run, and Kconfig itself is one.
  const decides = (path: string): boolean =>
    path === 'Makefile' || /^scripts\/|(?:^|\/)Kconfig[^/]*$/.test(path) || read.has(path);
  return text === undefined || paths.some(decides) ? undefined : configured;
}

function differingLines(before: readonly string[], after: readonly string[]): number {
  const [was, is] = [new Set(before), new Set(after)];
  return before.filter((line) => !is.has(line)).length + after.filter((l) => !was.has(l)).length;
}

async function isTrusted(
  kept: Pick<Recipe, 'origin' | 'patches'>,
  wanted: Recipe,
  source: PinnedSource,
  signal: AbortSignal,
): Promise<boolean> {
  if (!kept.patches.every((patch) => wanted.patches.includes(patch))) return false;
  if (kept.origin === undefined || kept.origin === wanted.origin) return true;
  return (await source.trusts?.(kept.origin, signal)) ?? false;
}

async function changesOfStates(
  before: TreeState,
  after: TreeState,
  between: Changes,
  source: PinnedSource,
  signal: AbortSignal,
): Promise<Changes> {
  const paths = new Set(between.paths);
  const added = new Set(between.added);
  for (const path of new Set([...Object.keys(before.files), ...Object.keys(after.files)])) {
    const unpatched = async (): Promise<string> => fileDigest(await source.readFile(path, signal));
    const was = before.files[path] ?? (paths.has(path) ? undefined : await unpatched());
    const is = after.files[path] ?? (await unpatched());
    if (was === is) paths.delete(path);
    else paths.add(path);
    if (was === '' && is !== '') added.add(path);
  }
  return { paths: [...paths], added: [...added].filter((path) => paths.has(path)) };
}

/**
 * Programs of tools/ for users. A build of a kernel calls none of them: it uses arch, bpf, build, docs, include, lib,
 * objtool and scripts (the top Makefile; scripts/Makefile*; arch/x86/tools/Makefile).
 */
const userTools = [
  ...['accounting', 'cgroup', 'counter', 'crypto', 'debugging', 'dma', 'Documentation', 'edid'],
  ...['firewire', 'firmware', 'gpio', 'hv', 'iio', 'kvm', 'laptop', 'leds', 'memory-model', 'mm'],
  ...['pci', 'pcmcia', 'perf', 'power', 'rcu', 'sched', 'sched_ext', 'sound', 'spi', 'testing'],
  ...['thermal', 'time', 'tracing', 'unittests', 'usb', 'verification', 'virtio', 'wmi'],
  ...['workqueue', 'writeback'],
];

/** What decides how things are built: kbuild sees a changed command, but not all that a script would do otherwise. */
const ofBuild = new RegExp(
  String.raw`^(?:Kbuild$|scripts/|tools/(?!(?:${userTools.join('|')})/)|arch/(\w+)/(?:Makefile|tools/|boot/(?!dts/)))`,
);
/** What kbuild compiles and knows the dependencies of, or what no build reads. */
const isTracked = /\.(?:c|h|S|l|y|lex|rst|txt|cocci)$/;
const makefile = /(?:^|\/)(?:Makefile|Kbuild)[^/]*$/;
const isKbuild = (path: string): boolean => makefile.test(path) && path !== 'Makefile';
const included = /\.(?:c|S|rst|txt|yaml|dts)$|(?:^|\/)(?:Makefile|Kbuild|Kconfig)[^/]*$/;

/** How to build upon a kept tree; undefined if kbuild could overlook a change. */
async function startFrom(
  key: string,
  { paths, added }: Changes,
  { tree }: WorkTree,
  arch: string,
  signal: AbortSignal,
): Promise<Start | undefined> {
  const decides = (path: string): boolean => {
    const [found, other = arch] = ofBuild.exec(path) ?? [];
    return found !== undefined && other === arch && !isTracked.test(path);
  };
  if (paths.some(decides)) return undefined;
  for (const path of paths) {
    const state = await lstat(join(tree, path)).catch(() => undefined);
    // make looks at what a link leads to.
    if (state?.isSymbolicLink()) return undefined;
  }
  // A header that is new may be found before another of its name, which is then to count as changed.
  const names = new Set(added.filter((path) => !included.test(path)).map((path) => basename(path)));
  const hidden = names.size === 0 ? [] : await filesNamed(names, tree, signal);
  const generated =
    names.size === 0 ? [] : await filesNamed(names, join(keptDir(key), 'obj'), signal);
  if (generated.length > 0) return undefined;
  const folders = paths.filter(isKbuild).map((path) => dirname(path));
  return { key, changed: [...new Set([...paths, ...hidden])], folders: [...new Set(folders)] };
}

async function filesNamed(
  names: ReadonlySet<string>,
  dir: string,
  signal: AbortSignal,
): Promise<string[]> {
  const argv = ['find', '.', '-path', './obj', '-prune', '-o', '-type', 'f', '-printf', '%P\\0'];
  const { stdout } = await run(argv, { stage: 'build', cwd: dir, signal });
  return stdout.split('\0').filter((path) => path !== '' && names.has(basename(path)));
}

/** Puts a private copy of a kept tree where it is built upon, every file of it with the same time, in seconds. */
export async function copyStart(
  { key, folders }: Start,
  { obj }: WorkTree,
  seconds: number,
  signal: AbortSignal,
): Promise<void> {
  const copy = ['cp', '-a', '--reflink=auto', join(keptDir(key), 'obj'), obj];
  await run(copy, { stage: 'build', signal });
  // What a build left may be links to anywhere: what follows them does it in the cage.
  const asked = { stage: 'build', signal, cage: { writes: [obj], trusted: true } };
  for (const folder of folders) {
    const inFolder = ['-maxdepth', '1', '!', '-type', 'd', '-delete'];
    const argv = ['find', join(obj, folder), ...inFolder];
    // Nothing of that folder was built.
    await run(argv, { ...asked, okCodes: [0, 1] });
  }
  const touch = ['-exec', 'touch', '-h', '-d', `@${seconds}`, '{}', '+'];
  await run(['find', obj, '!', '-type', 'd', ...touch], asked);
}

/** What a link of vmlinux makes anew whatever changed. */
const linkedAnew =
  /^(?:vmlinux(?:\.o|\.unstripped|\.map)?|\.tmp_vmlinux.*|System\.map|build\.log)$/;

/** Keeps the object tree of a kernel that was built, for the next to build upon. */
export async function keepObjects(
  key: string,
  recipe: Recipe,
  configured: Facts,
  work: WorkTree,
): Promise<void> {
  const { obj, tree } = work;
  for (const name of await readdir(obj)) {
    if (linkedAnew.test(name)) await rm(join(obj, name), { recursive: true });
  }
  const config = (await readBuilt(obj, '.config')) ?? '';
  const saysWhere = config.includes('\nCONFIG_DEBUG_INFO=y\n');
  const kept: Kept = { format, ...recipe, configured, ...(saysWhere && { tree }) };
  await folderForCages('objects');
  await makeFolderWhole(keptDir(key), async (dir) => {
    await rename(obj, join(dir, 'obj'));
    await writeFile(join(dir, 'kept.json'), JSON.stringify(kept));
  });
}
