// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sourceRef } from '../model/source-ref.js';
import { projectDir } from '../system/files.js';
import { findSandbox, refused } from '../system/sandbox.js';

/** The patches that busyguest brings with it. */
const ownPatches = join(projectDir, 'jobs', 'patches');

/**
 * Throws InfraError where a stranger's code would run outside of a sandbox: where there is none, and a source or package
 * is neither a distribution's nor a folder or repository of the user's, or patches come from elsewhere.
 */
export async function assertMayRun(
  sources: readonly string[],
  patches: readonly string[],
): Promise<void> {
  const sandbox = await findSandbox();
  if ('bwrap' in sandbox || sandbox.wanted) return;
  const stranger = patches.find((path) => !resolve(path).startsWith(`${ownPatches}/`));
  if (stranger !== undefined) throw refused(stranger, sandbox);
  for (const source of sources) if (!(await isTrusted(source))) throw refused(source, sandbox);
}

async function isTrusted(source: string): Promise<boolean> {
  const named = sourceRef(source);
  return named.kind === 'debian' || (named.kind === 'path' && isOwn(named.path));
}

/** Whether a folder, or the repository in it, belongs to the user. */
export async function isOwn(path: string): Promise<boolean> {
  const state = await stat(path).catch(() => undefined);
  return state?.isDirectory() === true && state.uid === process.getuid?.();
}

/** A line that says that there is no sandbox; undefined if there is one. */
export async function sandboxWord(): Promise<string | undefined> {
  const sandbox = await findSandbox();
  if ('bwrap' in sandbox) return undefined;
  const rest = sandbox.wanted
    ? ''
    : "; only Debian's sources and your own trees are built, without patches of others";
  return `no sandbox: ${sandbox.why}${rest}`;
}
