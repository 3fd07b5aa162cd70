// SPDX-License-Identifier: MIT

/** What a folder of the cache holds: each file or folder in it is an entry, which can be made or fetched again. */
export interface CacheKind {
  readonly what: string;
  /** Entries grow, so that their size is taken anew each time. */
  readonly grows?: true;
  /** The folder is one entry, and keeps itself small. */
  readonly trimsItself?: true;
  /** Removed before what is in other folders: large, and made again in seconds. */
  readonly first?: true;
}

/** Every folder of the cache that takes space, by its name. */
export const cacheKinds: Readonly<Record<string, CacheKind>> = {
  sources: { what: 'unpacked kernel sources' },
  git: { what: 'fetched repositories', grows: true },
  trees: { what: 'copies of kernel sources, in which kernels are built', first: true },
  objects: { what: 'what kernels were compiled to, for the next to build upon' },
  kernels: { what: 'built kernels' },
  packages: { what: 'unpacked kernel packages' },
  apt: { what: 'package lists and downloads', grows: true },
  qemu: { what: 'fetched QEMU' },
  'guest-qemu': { what: 'QEMU for machines under test' },
  'guest-programs': { what: 'shells and tools for machines under test' },
  selftests: { what: "selftests of kernels' own trees" },
  programs: { what: 'compiled test programs' },
  images: { what: 'initramfs images' },
  compiled: { what: 'our modules as Node.js has compiled them', grows: true },
  known: { what: 'what files that were read before hold, and programs say' },
  jobs: { what: 'results of jobs, for reuse' },
  plots: {
    what: 'pictures of reports; those of a week ago go by themselves',
    grows: true,
    trimsItself: true,
  },
  logs: { what: 'logs of failed builds' },
  test: { what: "systems that busyguest's own tests boot" },
};

/** Names in the cache that are no entries: marks and locks of living processes, and numbers that were learnt. */
export const cacheMarks: readonly string[] = [
  'in-use',
  'machines',
  'build-steps',
  'sizes.json',
  'times.json',
  'trim.lock',
  'trim-entry.lock',
];
