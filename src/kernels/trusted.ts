// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InfraError } from '../model/errors.js';
import { projectDir } from '../system/files.js';
import { findSandbox } from '../system/sandbox.js';

/** The patches that busyguest brings with it. */
const ownPatches = join(projectDir, 'jobs', 'patches');

/**
 * Throws InfraError where a stranger's code would run outside of a sandbox: where there is none, and the source is
 * neither a distribution's nor a folder or repository of the user's, or patches come from elsewhere.
 */
export async function assertMayRun(source: string, patches: readonly string[]): Promise<void> {
  const sandbox = await findSandbox();
  if ('bwrap' in sandbox || sandbox.wanted) return;
  const stranger = patches.find((path) => !resolve(path).startsWith(`${ownPatches}/`));
  if (stranger === undefined && (await isOwn(source))) return;
  throw new InfraError(
    'sandbox',
    `${stranger ?? source} would run programs of strangers, and there is no sandbox: ${sandbox.why}`,
    'install bubblewrap; where you trust it, or a container holds it: BUSYGUEST_SANDBOX=off',
  );
}

async function isOwn(source: string): Promise<boolean> {
  if (source.startsWith('debian:')) return true;
  const state = await stat(source.replace(/#[^#]*$/, '')).catch(() => undefined);
  return state?.isDirectory() === true && state.uid === process.getuid?.();
}

/** One line for who has no sandbox; undefined: there is one. */
export async function sandboxWord(): Promise<string | undefined> {
  const sandbox = await findSandbox();
  if ('bwrap' in sandbox) return undefined;
  const rest = sandbox.wanted ? '' : '; only your own trees, without patches of others, are built';
  return `no sandbox: ${sandbox.why}${rest}`;
}
