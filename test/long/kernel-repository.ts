// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findBase } from '../../src/pipeline/check-series.js';
import { kernelSource } from '../../src/kernels/source.js';
import { cacheDir } from '../../src/system/files.js';
import { project } from '../integration/cli.js';

/** What the small kernel does not compile: left out, a repository is made in seconds, and a copy too. */
const notNeeded =
  /^(?:Documentation\/.*\.(?:rst|txt|svg|yaml|py|c|dot)|arch\/(?!powerpc\/|Kconfig|x86\/include|x86\/lib).*\.[chS]|(?:sound|samples|rust)\/.*\.(?:[chS]|rs)|tools\/testing\/.*|drivers\/(?:gpu|net|media|infiniband|staging|scsi|usb|iio|hid|mtd|video|clk|pinctrl|platform|phy|soc|power|hwmon|i2c|spi|mmc|nvme|md|ata|accel|comedi|crypto|isdn|edac|regulator)\/.*\.[ch]|fs\/(?:xfs|btrfs|ext4|ocfs2|nfs|nfsd|smb|f2fs|gfs2|ceph|ubifs|jfs|bcachefs|ntfs3|reiserfs|overlayfs)\/.*\.[ch]|arch\/(?!powerpc).*\.dtso?i?|tools\/perf\/.*\.(?:[ch]|json|sh|py))$/;
const file = 'arch/powerpc/kvm/book3s_hv.c';
// The same commits every time: their kernels are in the cache after the first.
const who = {
  GIT_AUTHOR_NAME: 'Test',
  GIT_AUTHOR_EMAIL: 'test@example.org',
  GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
  GIT_COMMITTER_NAME: 'Test',
  GIT_COMMITTER_EMAIL: 'test@example.org',
  GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
};

/** A bare repository with the cache's kernel source, which never sees a checkout. */
export class KernelRepository {
  private constructor(readonly dir: string) {}

  /** Makes `dir` with one commit, the branch `base`: Debian's source without what is not compiled. */
  static async make(dir: string): Promise<KernelRepository> {
    const signal = new AbortController().signal;
    const { source } = await findBase('debian:linux-source', undefined, signal);
    const pinned = await kernelSource(source).pin(signal, () => undefined);
    const tree = cacheDir('sources', pinned.id);
    const repository = new KernelRepository(dir);
    execFileSync('git', ['init', '-q', '--bare', '-b', 'base', dir]);
    const all = execFileSync(
      'find',
      ['.', '(', '-type', 'f', '-o', '-type', 'l', ')', '-printf', '%P\\n'],
      {
        cwd: tree,
        maxBuffer: 1 << 28,
      },
    );
    const needed = all
      .toString()
      .split('\n')
      .filter((name) => name !== '' && !notNeeded.test(name));
    execFileSync(
      'git',
      [
        '-c',
        'core.compression=0',
        '-c',
        // Straight into one pack, not a file for each.
        'core.bigFileThreshold=1',
        '--git-dir',
        dir,
        '--work-tree',
        tree,
        'add',
        '-f',
        '--pathspec-from-file=-',
      ],
      { cwd: tree, input: needed.join('\n') },
    );
    repository.commit('base', 'the source');
    return repository;
  }

  git(args: readonly string[], input?: string): string {
    const env = { ...process.env, ...who };
    const options = {
      cwd: this.dir,
      env,
      ...(input !== undefined && { input }),
      maxBuffer: 1 << 28,
    };
    return execFileSync('git', [...args], options)
      .toString()
      .trim();
  }

  /** Commits the index on top of a branch, or of another commit where that is new. */
  commit(branch: string, subject: string, from?: string): string {
    const tip = this.git(['for-each-ref', '--format=%(objectname)', `refs/heads/${branch}`]);
    const parent = tip === '' ? from : tip;
    const tree = this.git(['write-tree']);
    const on = parent === undefined ? [] : ['-p', parent];
    const id = this.git(['commit-tree', tree, ...on, '-m', subject]);
    this.git(['update-ref', `refs/heads/${branch}`, id]);
    return id;
  }

  /** Puts a patch of jobs/patches/ into the index. */
  apply(patch: string): void {
    this.git(['apply', '--cached', '-'], patch);
  }

  /** Changes the text of book3s_hv.c, or of another file, in the index. */
  edit(change: (text: string) => string, path = file): void {
    const text = change(this.git(['cat-file', 'blob', `:${path}`]));
    const blob = this.git(['hash-object', '-w', '--stdin'], `${text}\n`);
    this.git(['update-index', '--cacheinfo', `100644,${blob},${path}`]);
  }

  /** The index as it is in a commit. */
  reset(commit: string): void {
    this.git(['read-tree', commit]);
  }
}

/** The fix that ships, as a patch. */
export const fix = readFileSync(
  join(
    project,
    'jobs/patches/kvm-hv-xfer-to-guest/0001-KVM-PPC-Book3S-HV-Run-pending-task-work-before-guest.patch',
  ),
  'utf8',
);
