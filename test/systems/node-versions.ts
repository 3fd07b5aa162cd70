// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { must } from '../install/npm-package.js';

/** The newest Node.js of a major version, from npm's registry, in `dir`; the path of its program. Runs no install script. */
export async function nodeOf(major: number, dir: string): Promise<string> {
  const name = `node-linux-${arch() === 'ppc64' ? 'ppc64le' : arch()}`;
  await mkdir(dir, { recursive: true });
  const options = ['--ignore-scripts', '--no-save', '--prefer-offline', '--prefix', dir];
  await must(['npm', 'install', ...options, `${name}@${major}`], { cwd: dir });
  return join(dir, 'node_modules', name, 'bin', 'node');
}
