// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { folder, start, type Outcome } from '../integration/cli.js';

/** The secret of a user, in the environment and in files. */
export const token = 'canary-7c0ffee5';
const secrets = {
  KCIDB_REST: `https://${token}@kcidb.example.org/`,
  BMC_PASSWORD: token,
  AWS_SECRET_ACCESS_KEY: token,
};
/** The secret that one lab is given, and nobody else. */
export const labToken = 'lab-canary-51';
// One for all tests: they compile the payload once.
const cache = mkdtempSync(join(tmpdir(), 'busyguest-test-'));
process.on('exit', () => rmSync(cache, { recursive: true, force: true }));

/** A user's home with secrets, which are looked for in all that is printed, written and started, and on the loopback. */
export interface Place {
  readonly dir: string;
  readonly tree: string;
  readonly results: string;
  readonly secret: string;
  /** Where whoever connects is heard. */
  readonly ear: number;
  readonly run: (args: readonly string[], env?: Record<string, string>) => Promise<Outcome>;
  /** Programs that had a secret in their environment. */
  readonly told: Set<string>;
  /** Programs whose environment was looked at. */
  readonly seen: Set<string>;
  readonly assertNothing: (outcome: Outcome) => Promise<void>;
}

/** A new one, which goes with the test. */
export async function place(context: TestContext): Promise<Place> {
  const dir = await folder(context);
  const [home, tree, results] = [join(dir, 'home'), join(dir, 'linux'), join(dir, 'results')];
  await mkdir(home);
  const secret = join(home, '.token');
  await writeFile(secret, `${token}\nBUSYGUEST-START v1\n`, { mode: 0o600 });
  let connections = 0;
  const server = createServer(() => (connections += 1)).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const [told, seen] = [new Set<string>(), new Set<string>()];
  return {
    ...{ dir, tree, results, secret, told, seen },
    ear: (server.address() as AddressInfo).port,
    async run(args, env = {}) {
      const running = start(args, { ...secrets, HOME: home, BUSYGUEST_CACHE: cache, ...env });
      let over = false;
      const ended = running.ended.finally(() => (over = true));
      while (!over) {
        await lookAt(running.pid, told, seen);
        await sleep(5);
      }
      return ended;
    },
    async assertNothing({ stdout, stderr }) {
      const printed = stdout + stderr;
      for (const one of [token, labToken]) assert.ok(!printed.includes(one), printed);
      assert.doesNotMatch(printed, /\u001b\]|\u009b|\u001b\[2J/);
      assert.doesNotMatch(printed, /^\s*::|##\w*\[/m);
      assert.deepEqual([...told], [], 'programs with a secret in their environment');
      assert.equal(connections, 0, 'on the loopback');
      for (const root of [results, cache]) await assertNowhere(root);
      assert.match(await readFile(secret, 'utf8'), /^canary-7c0ffee5\n/);
    },
  };
}

/** Looks at the environment of all that a process has started. */
async function lookAt(pid: number, told: Set<string>, seen: Set<string>): Promise<void> {
  const read = (path: string): Promise<string> => readFile(path, 'latin1').catch(() => '');
  const children = (await read(`/proc/${pid}/task/${pid}/children`)).split(' ').filter(Boolean);
  for (const child of children) {
    // The name first: between fork and exec a child is still busyguest itself, with all that this has.
    const name = await read(`/proc/${child}/comm`);
    const environ = await read(`/proc/${child}/environ`);
    seen.add(name.trim());
    if (
      (environ.includes(token) || environ.includes(labToken)) &&
      !/^(?:node|MainThread)/.test(name)
    )
      told.add(name.trim());
    await lookAt(Number(child), told, seen);
  }
}

async function assertNowhere(root: string): Promise<void> {
  for (const name of await readdir(root, { recursive: true }).catch(() => [])) {
    const path = join(root, name);
    const state = await lstat(path);
    if (!state.isFile()) continue;
    const text = await readFile(path, 'latin1');
    for (const one of [token, labToken]) assert.ok(!text.includes(one), path);
  }
}

/** A job matrix over a tree that is built in a moment. */
export async function matrix(
  { dir, tree }: Place,
  devices = 'qemu-pseries-p9',
  kernel = '',
): Promise<string> {
  const file = join(dir, 'm.yaml');
  await writeFile(join(dir, 'none.config'), '');
  await writeFile(
    file,
    `name: m
kernels: [{name: k, source: "${tree}", config: [./none.config]${kernel}}]
devices: [${devices}]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 1}]
timeouts: {boot-s: 5, test-s: 5}
`,
  );
  return file;
}
