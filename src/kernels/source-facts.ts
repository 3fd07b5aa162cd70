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

/** What reports say of a commit: its id, and where others find it. `url` may be a path, or hold a password. */
export function gitFacts(commit: string, url: string | undefined): Record<string, string> {
  const shown = url === undefined ? undefined : publicUrl(url);
  return { git_commit: commit, ...(shown !== undefined && { git_repository_url: shown }) };
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
