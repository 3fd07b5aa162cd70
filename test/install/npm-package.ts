// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { project, type Outcome } from '../integration/cli.js';

/** Runs a program to its end. */
export async function run(
  argv: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Outcome> {
  const [program = '', ...args] = argv;
  const { exitCode, stdout, stderr } = await execa(program, args, {
    ...options,
    stdin: 'ignore',
    reject: false,
  });
  return { code: exitCode ?? null, stdout, stderr };
}

/** The same, and it has to end well. */
export async function must(...args: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  assert.equal(code, 0, `${args[0].join(' ')}\n${stdout}\n${stderr}`);
  return stdout;
}

/** `npm pack`; the tarball that it made in `dir`. */
export async function pack(dir: string): Promise<string> {
  await must(['npm', 'pack', '--pack-destination', dir], { cwd: project });
  const [name, ...more] = (await readdir(dir)).filter((file) => file.endsWith('.tgz'));
  assert.ok(name !== undefined && more.length === 0);
  return join(dir, name);
}

/** A busyguest that npm installed. */
export interface Installed {
  /** Where the package is. */
  readonly folder: string;
  /** Runs it as a shell would that finds it in PATH, in a folder of the user's. */
  readonly busyguest: (cwd: string, ...args: string[]) => Promise<Outcome>;
}

/** `npm install -g` of the tarball into an empty prefix. */
export async function installGlobally(
  tarball: string,
  prefix: string,
  node = process.execPath,
): Promise<Installed> {
  // The program's first line and npm's say `env node`.
  const PATH = [join(prefix, 'bin'), dirname(node), process.env['PATH'] ?? ''].join(':');
  const env = { PATH };
  const argv = ['npm', 'install', '-g', '--prefix', prefix, '--prefer-offline', tarball];
  await must(argv, { cwd: dirname(tarball), env });
  const folder = join(prefix, 'lib', 'node_modules', 'busyguest');
  return { folder, busyguest: (cwd, ...args) => run(['busyguest', ...args], { cwd, env }) };
}

/** What is in a folder: every file's path, kind, size, time of change and content, as one hash. */
export async function stateOf(folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const stats = await lstat(path);
    hash.update(`${name} ${stats.mode} ${stats.size} ${stats.mtimeMs}\n`);
    if (stats.isFile()) hash.update(await readFile(path));
  }
  return hash.digest('hex');
}
