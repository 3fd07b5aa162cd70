// SPDX-License-Identifier: MIT
import { access, constants, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../model/errors.js';
import type { Say } from '../model/event.js';
import { isOpen, takeFetched, whereAptFetches } from './apt-user.js';
import { use } from './cache.js';
import { debianMirror } from './debian-mirror.js';
import { cacheDir, digest, exists, readIfThere, withTemporary, writeWhole } from './files.js';
import { fetching, watchGrowth } from './growth.js';
import { withLock } from './lock.js';
import { run, type RunOptions } from './processes.js';

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const listMaxAgeMs = 6 * 3600 * 1000;
/** Lists that are younger than this are what the archive says now. */
const freshMs = 60_000;

/** As apt says that a file is gone, or that new lists no longer have the version. */
const notThere = /\b404 +Not Found|Version '[^']*' for '[^']*' was not found/;

/** A package of an archive: what apt knows of it. */
export interface AptPackage {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  /** Size of the file, bytes, where the lists say it. */
  readonly bytes?: number;
}

/** The archive does not have a file that its lists name: it has moved on, or a mirror is being updated. */
export class NotInArchiveError extends InfraError {}

/**
 * Debian's archive through apt's own client, with lists and downloads in our cache: nothing on
 * the system changes, and apt checks the signatures. One object for a suite and an architecture.
 */
export class AptSuite {
  private readonly dir: string;

  constructor(
    readonly suite: string,
    readonly architecture: string | undefined,
    readonly signal: AbortSignal,
  ) {
    this.dir = cacheDir('apt', `${suite.replaceAll('/', '_')}-${architecture ?? 'native'}`);
  }

  /** Whether the package lists were ever fetched. */
  hasLists(): Promise<boolean> {
    return exists(join(this.dir, 'updated'));
  }

  /** Fetches the package lists when they are older than six hours. */
  async update(maxAgeMs = listMaxAgeMs): Promise<void> {
    await use(this.dir);
    const stamp = join(this.dir, 'updated');
    const age = await stat(stamp).then(
      (s) => Date.now() - s.mtimeMs,
      () => Infinity,
    );
    if (age < maxAgeMs || (age !== Infinity && !(await canWrite(this.dir)))) return;
    await withLock(
      join(this.dir, 'lock'),
      this.signal,
      () => {},
      async () => {
        await this.writeSources();
        try {
          await this.fetchLists();
        } catch (error) {
          // Without a network the lists of the last time serve.
          if (!(error instanceof InfraError) || age === Infinity) throw error;
          return;
        }
        await rm(join(this.dir, 'answers'), { recursive: true, force: true });
        await writeWhole(stamp, '');
      },
    );
  }

  private async fetchLists(): Promise<void> {
    const lists = join(this.dir, 'lists');
    await whereAptFetches(this.dir, async (place) => {
      await mkdir(join(place, 'lists', 'partial'), { recursive: true });
      const todo = 'is the package archive reachable?';
      const own = join(place, 'lists');
      await this.apt(['apt-get', 'update'], { todo, place, lists: own });
      if (place === this.dir) return;
      await withTemporary(lists, async (temporary) => {
        // By a program, whose words for a full disk are known.
        await run(['cp', '-rT', own, temporary], { stage: 'fetch', signal: this.signal });
        await rm(lists, { recursive: true, force: true });
        await rename(temporary, lists);
      });
    });
  }

  /**
   * Does `work`, and once more with new lists when the archive lacks a file that they name: old versions go as soon as
   * there is a newer one. Throws NotInArchiveError when the new lists do not help.
   */
  async withNewLists<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof NotInArchiveError)) throw error;
      await this.update(freshMs);
      return work();
    }
  }

  /** Packages whose names match (an apt regular expression), with the newest version of each. */
  async search(pattern: string): Promise<AptPackage[]> {
    await this.update();
    const answer = await this.ask('search', '--names-only', pattern);
    const names = answer.split('\n').flatMap((line) => line.split(' - ')[0] || []);
    const found = await Promise.all(names.map((name) => this.show(name)));
    return found.filter((p): p is AptPackage => p !== undefined);
  }

  /** The newest version of one package, or undefined when the suite has none. */
  async show(name: string): Promise<AptPackage | undefined> {
    const field = await this.fields(name);
    const version = field('Version');
    const architecture = field('Architecture');
    if (version === undefined || architecture === undefined) return undefined;
    const bytes = Number(field('Size'));
    return { name, version, architecture, ...(bytes > 0 && { bytes }) };
  }

  /** What the newest version of a package depends on: the first of alternatives, `version` where exactly one is asked for. */
  async depends(name: string): Promise<{ name: string; version: string | undefined }[]> {
    const field = await this.fields(name);
    const lists = [field('Pre-Depends'), field('Depends')];
    const needs = lists.flatMap((list) => list?.split(', ') ?? []).filter((need) => need !== '');
    return needs.map((need) => {
      const match = /^([^\s:(]+)(?::\w+)?(?: \(= ([^)]+)\))?/.exec(need);
      return { name: match?.[1] ?? need, version: match?.[2] };
    });
  }

  private async fields(name: string): Promise<(key: string) => string | undefined> {
    await this.update();
    const answer = await this.ask('show', '--no-all-versions', name);
    return (key) => new RegExp(`^${key}: (.*)$`, 'm').exec(answer)?.[1];
  }

  /** What apt-cache says; asked once for the same lists. Empty when it knows no such package. */
  private async ask(...args: string[]): Promise<string> {
    const file = join(this.dir, 'answers', digest(...args).slice(0, 16));
    const known = await readIfThere(file);
    if (known !== undefined) return known;
    const { stdout } = await this.apt(['apt-cache', ...args], { okCodes: [0, 100] });
    // A cache that cannot be written only costs time.
    await writeWhole(file, stdout).catch(() => {});
    return stdout;
  }

  /**
   * Downloads a package, checked by apt, and says how far it is; the path of the .deb, kept in the cache. Throws
   * NotInArchiveError when the archive does not have it.
   */
  async download(pkg: AptPackage, say: Say): Promise<string> {
    const dir = join(this.dir, 'debs');
    await mkdir(dir, { recursive: true });
    const prefix = `${pkg.name}_${pkg.version.replaceAll(':', '%3a')}_`;
    const isIt = (file: string): boolean => file.startsWith(prefix) && file.endsWith('.deb');
    const there = (await readdir(dir)).find(isIt);
    if (there !== undefined) return join(dir, there);
    // apt writes under the final name: what is killed in the middle must not be found the next time, but by trim().
    return withTemporary(cacheDir('apt', pkg.name), (temporary) =>
      whereAptFetches(temporary, async (place) => {
        const download = ['apt-get', 'download', `${pkg.name}=${pkg.version}`];
        const tell = fetching(`${pkg.name} ${pkg.version}`, pkg.bytes, say);
        try {
          await watchGrowth(place, tell, () => this.apt(download, { cwd: place, place }));
        } catch (error) {
          throw notThere.test(String((error as InfraError).logTail)) ? this.notThere(pkg) : error;
        }
        const file = (await readdir(place)).find((name) => name.endsWith('.deb'));
        if (file === undefined) throw new InfraError('fetch', `apt-get gave no ${pkg.name}`);
        return takeFetched(join(place, file), dir, (await this.fields(pkg.name))('SHA256'));
      }),
    );
  }

  /**
   * Downloads packages into a folder with all that they depend on, as apt chooses it for an empty system, in one call; the
   * paths of the .debs. Throws NotInArchiveError when the archive lacks one.
   */
  async downloadClosure(names: readonly string[], dir: string): Promise<string[]> {
    await this.update();
    await mkdir(join(dir, 'partial'), { recursive: true });
    const install = ['apt-get', 'install', '--yes', '--no-install-recommends', '--download-only'];
    try {
      await this.apt([...install, '-o', `Dir::Cache::archives=${dir}`, ...names], { place: dir });
    } catch (error) {
      if (!notThere.test(String((error as InfraError).logTail))) throw error;
      const text = `the archive of Debian ${this.suite} lacks a file that its lists name`;
      throw new NotInArchiveError('fetch', text);
    }
    const files = (await readdir(dir)).filter((name) => name.endsWith('.deb'));
    return files.sort().map((name) => join(dir, name));
  }

  private notThere({ name, version }: AptPackage): NotInArchiveError {
    return new NotInArchiveError(
      'fetch',
      `Debian ${this.suite} lists ${name} ${version}, but its archive does not have the file`,
      'try again later, or name another package or suite, or set BUSYGUEST_DEBIAN_MIRROR to another mirror',
    );
  }

  /** Removes a downloaded package, once it has been unpacked. */
  async forget(file: string): Promise<void> {
    await rm(file, { force: true });
  }

  private async writeSources(): Promise<void> {
    const mirror = await debianMirror(this.signal);
    if (!(await exists(keyring))) {
      throw new InfraError(
        'fetch',
        `${keyring} is missing: Debian's packages could not be verified`,
        'install the package debian-archive-keyring',
      );
    }
    for (const part of ['lists/partial', 'cache/archives/partial', 'debs']) {
      await mkdir(join(this.dir, part), { recursive: true });
    }
    const arch = this.architecture === undefined ? '' : `arch=${this.architecture} `;
    const line = `deb [${arch}signed-by=${keyring}] ${mirror} ${this.suite} main\n`;
    await writeWhole(join(this.dir, 'sources.list'), line);
  }

  private async apt(
    argv: readonly string[],
    how: Pick<RunOptions, 'todo' | 'cwd' | 'okCodes'> & {
      /** Where it fetches to, and where its lists are. */
      readonly place?: string;
      readonly lists?: string;
    } = {},
  ): ReturnType<typeof run> {
    const { place = this.dir, lists = join(this.dir, 'lists'), ...more } = how;
    const options = {
      'Dir::Etc::sourcelist': join(this.dir, 'sources.list'),
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::State::lists': lists,
      'Dir::State::status': '/dev/null',
      'Dir::Cache': join(this.dir, 'cache'),
      // Images of containers turn this off, and then every question costs a second.
      'Dir::Cache::pkgcache': join(this.dir, 'cache', 'pkgcache.bin'),
      // apt's own user can fetch only where it can go.
      ...(!(await isOpen(place)) && { 'APT::Sandbox::User': '' }),
      ...(this.architecture !== undefined && { 'APT::Architecture': this.architecture }),
    };
    const [program = '', ...rest] = argv;
    const flags = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    // Its messages are read, in English.
    const env = { LC_ALL: 'C.UTF-8' };
    return run([program, ...flags, ...rest], {
      stage: 'fetch',
      signal: this.signal,
      env,
      passes: 'network',
      ...more,
    });
  }
}

const canWrite = (dir: string): Promise<boolean> =>
  access(dir, constants.W_OK).then(
    () => true,
    () => false,
  );
