// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * KCIDB's patchset_hash: SHA-256 over the SHA-256 of each patch, one a line, in order; empty without patches. As
 * `sha256sum *.patch | cut -c-64 | sha256sum | cut -c-64`.
 */
export function patchsetHash(patches: readonly { readonly text: string }[]): string {
  if (patches.length === 0) return '';
  return sha256(patches.map(({ text }) => `${sha256(text)}\n`).join(''));
}

/** A commit, and what git says of it. */
export interface NamedCommit {
  readonly commit: string;
  /** Where the repository comes from; it may be a path, or hold a password. */
  readonly url?: string;
  /** The branch that was asked for, without the name of a remote. */
  readonly branch?: string;
  /** As `git describe` has it. */
  readonly described?: string;
}

/** What reports say of a commit: its id and names, and where others find it. */
export function gitFacts({ commit, url, branch, described }: NamedCommit): Record<string, string> {
  const shown = url === undefined ? undefined : publicUrl(url);
  return {
    git_commit: commit,
    ...(shown !== undefined && { git_repository_url: shown }),
    ...(branch !== undefined && { git_branch: branch }),
    ...(described !== undefined && { git_describe: described }),
  };
}

/** The branch that a full name of a ref stands for; undefined for a tag, a detached HEAD and a commit. */
export function branchOf(ref: string): string | undefined {
  return /^refs\/(?:heads|remotes\/[^/]+)\/(.+)$/.exec(ref)?.[1];
}

function publicUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  if (!/^(?:https?|git|ssh):$/.test(url.protocol)) return undefined;
  url.username = '';
  url.password = '';
  url.search = '';
  return url.href;
}
