// SPDX-License-Identifier: MIT
import { usualArchitecture } from '../architectures/architectures.js';
import type { Say } from '../model/event.js';
import { readTreeFile, type TreeFile } from './tree-file.js';

/** What is other in one state of a tree than in another; paths from its top. */
export interface Changes {
  /** Files that differ, or are in one of the two only. */
  readonly paths: readonly string[];
  /** Those of them that were not there before. */
  readonly added: readonly string[];
}

/**
 * A kernel source tree that cannot change any more: a version, a commit; or a state of a folder, which is
 * lost when somebody edits it.
 */
export interface PinnedSource {
  /** The same for the same content; usable in a file name. */
  readonly id: string;
  /** What a reader of the report should see: package and version, commit. */
  readonly label: string;
  /** More that is known of it: `git_commit`, `git_repository_url`. */
  readonly facts?: Readonly<Record<string, string>>;
  /** A file of the tree, or undefined when it is not there. Never through a link. Throws JobError for one too large. */
  readFile(path: string, signal: AbortSignal): Promise<TreeFile | undefined>;
  /** Several at once, where that is quicker; those that are not there are left out. */
  readFiles?(paths: readonly string[], signal: AbortSignal): Promise<Map<string, TreeFile>>;
  /** Puts a private copy of the whole tree into an empty folder. Throws InfraError as `assertUnchanged`. */
  copyTo(dir: string, signal: AbortSignal): Promise<void>;
  /** Puts some of its files into a folder where none of them is; paths that the tree does not have are left out. */
  copyFiles(paths: readonly string[], dir: string, signal: AbortSignal): Promise<void>;
  /** What is other here than in the source of another id; undefined (or no method): nobody can tell. */
  changedSince?(id: string, signal: AbortSignal): Promise<Changes | undefined>;
  /** Whose code it is, for those who would build on what that code built; absent: a distribution's, for everybody. */
  readonly origin?: string;
  /** Whether what the code of another origin built may be built upon: it is part of this code. Absent: the same origin. */
  trusts?(origin: string, signal: AbortSignal): Promise<boolean>;
  /** Of a tree that somebody may be editing: throws InfraError when it is not any more what was pinned. */
  assertUnchanged?(signal: AbortSignal): Promise<void>;
}

/** `readFile` of a tree that lies in a folder. */
export const readerOf =
  (tree: string): PinnedSource['readFile'] =>
  (path) =>
    readTreeFile(tree, path);

/** Where a kernel comes from. Nothing on the user's side is ever written to. */
export interface KernelSource {
  readonly kind: string;
  /** A look at what the user has here, before anything is made. Throws JobError when it is not there, or no kernel. */
  check?(signal: AbortSignal): Promise<void>;
  /** Finds out which version is meant, and fetches it. Throws JobError when it is no kernel. */
  pin(signal: AbortSignal, say: Say): Promise<PinnedSource>;
  /** Whether it can be pinned without fetching anything large; absent: always. */
  isHere?(signal: AbortSignal): Promise<boolean>;
}

/** A file that every kernel has with the KVM that is tested. */
export const kvmMark = usualArchitecture.kvm.source;

/** What makes a folder a kernel tree that busyguest can work with, and why each is needed. */
export const kernelMarks = {
  Makefile: 'the top Makefile',
  Kconfig: 'the top Kconfig',
  [kvmMark]: 'KVM for Book3S HV',
};
