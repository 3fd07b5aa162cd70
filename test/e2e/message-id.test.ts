// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { answeredMail } from '../../src/kernels/reply.js';
import { readMailsOf, readSeries } from '../../src/kernels/read-series.js';
import { seriesPaths } from '../../src/cli/series-argument.js';
import { exists } from '../../src/system/files.js';
import { firstLine } from '../../src/system/processes.js';
import { folder, project, start } from '../integration/cli.js';

const id = '20261125093000.1111-2-joerg@example.org';
const hv = 'arch/powerpc/kvm/book3s_hv.c';
const skip = (await firstLine(['b4', '--version'])) === undefined ? 'b4 is missing' : false;

interface Archive {
  /** Base of its pages. */
  readonly url: string;
  /** For b4: the archive to ask, and no git user, with which `b4 am` would be content. */
  readonly env: Record<string, string>;
}

/** An archive as public-inbox serves it, with one thread, on this machine. */
async function archive(context: TestContext): Promise<Archive> {
  const thread = gzipSync(await readFile(join(project, 'test/fixtures/mbox/public-inbox.mbox')));
  const server = createServer((request, response) => {
    const known = request.url === `/all/${encodeURIComponent(id)}/t.mbox.gz`;
    response.writeHead(known ? 200 : 404).end(known ? thread : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/all`;
  const dir = await folder(context);
  await writeFile(join(dir, 'gitconfig'), `[b4]\n\tmidmask = ${url}/%s\n`);
  const env = { GIT_CONFIG_GLOBAL: join(dir, 'gitconfig'), XDG_CACHE_HOME: dir, NO_PROXY: '*' };
  return { url, env };
}

/** A repository that only looks like a kernel, in which the series is already. */
async function patched(context: TestContext): Promise<string> {
  const tree = join(await folder(context), 'linux');
  await mkdir(join(tree, 'arch/powerpc/kvm'), { recursive: true });
  await writeFile(join(tree, hv), 'one\n2\n3\n');
  const git = 'git -c user.name=a -c user.email=a@example.org';
  execFileSync('bash', ['-ec', `git init -q; git add .; ${git} commit -qm first`], { cwd: tree });
  return tree;
}

test(
  'a message id, and the page of a mail: b4 fetches the thread, the newest patches are tried in order',
  { skip },
  async (context) => {
    const { url, env } = await archive(context);
    const tree = await patched(context);
    for (const series of [`<${id}>`, `${url}/${id}/`]) {
      const asked = start(['check', '--tree', tree, '--series', series], env);
      const { code, stderr } = await asked.ended;
      assert.equal(code, 65, stderr);
      const titles = [...stderr.matchAll(/\[PATCH v2 (\d\/2)\]/g)].map((match) => match[1]);
      assert.deepEqual(titles, ['1/2', '2/2'], stderr);
      assert.match(stderr, /the series is already in/);
    }
  },
);

test(
  'what was fetched keeps those who got it, and the letter to answer',
  { skip },
  async (context) => {
    const { env } = await archive(context);
    const before = { ...process.env };
    Object.assign(process.env, env);
    context.after(() => (process.env = before));
    const { signal } = new AbortController();
    const [path = ''] = await seriesPaths([id], signal);
    const patches = await readSeries(path, signal);
    assert.deepEqual(
      patches.map(({ name }) => name),
      [
        '0001-KVM-PPC-Book3S-HV-Write-2-as-a-digit.patch',
        '0002-KVM-PPC-Book3S-HV-Write-3-as-a-digit.patch',
      ],
    );
    assert.match(patches[1]?.text ?? '', /^-three\n\+3$/m);
    assert.deepEqual(answeredMail(await readMailsOf(path, signal), path), {
      from: "Jörg Müller-Lüdenscheidt (of a long department's name) <joerg@example.org>",
      to: [
        "Linux on POWER, the developers' list <linuxppc-dev@lists.example.org>",
        'kvm@vger.example.org',
      ],
      cc: [
        'Ann Author <ann@example.org>',
        'Maintainer, Sub <sub@example.org>',
        'linux-kernel@vger.example.org',
      ],
      subject: '[PATCH v2 0/2] KVM: PPC: Book3S HV: digits as digits, and one more of them',
      messageId: '<20261125093000.1111-1-joerg@example.org>',
      references: [],
    });
  },
);

test('a tree does not say which archive b4 asks', { skip }, async (context) => {
  const { env } = await archive(context);
  const tree = await patched(context);
  execFileSync('git', ['config', 'b4.midmask', 'http://127.0.0.1:9/evil/%s'], { cwd: tree });
  const before = { env: { ...process.env }, cwd: process.cwd() };
  Object.assign(process.env, env);
  process.chdir(tree);
  context.after(() => {
    process.env = before.env;
    process.chdir(before.cwd);
  });
  const [path = ''] = await seriesPaths([id], new AbortController().signal);
  assert.equal((await readSeries(path, new AbortController().signal)).length, 2);
});

test(
  'a message that is not in the archive, no archive: in a line, 65 and 69',
  { skip },
  async (context) => {
    const { env } = await archive(context);
    const tree = await patched(context);
    const unknown = await start(['check', '--tree', tree, '--series', 'no@example.org'], env).ended;
    assert.equal(unknown.code, 65, unknown.stderr);
    assert.match(unknown.stderr, /--series no@example\.org: b4 finds no such message/);
    const config = env['GIT_CONFIG_GLOBAL'] ?? '';
    // Port 9 (discard) of this machine: nobody listens.
    await writeFile(config, '[b4]\n\tmidmask = http://127.0.0.1:9/all/%s\n');
    const gone = await start(['check', '--tree', tree, '--series', 'other@example.org'], env).ended;
    assert.equal(gone.code, 69, gone.stderr);
    assert.match(
      gone.stderr,
      /b4 could not fetch the thread of other@example\.org\n {2}what to do: /,
    );
  },
);

test('without b4: what it is for, and how it is installed', async (context) => {
  const dir = await folder(context);
  const tree = await patched(context);
  // Every program of the system but b4.
  const tools = ['git', 'setpriv', 'bwrap', 'bash', 'sh'];
  for (const tool of tools) {
    const path = execFileSync('which', [tool], { encoding: 'utf8' }).trim();
    execFileSync('ln', ['-s', path, join(dir, tool)]);
  }
  const { code, stderr } = await start(['check', '--tree', tree, '--series', id], { PATH: dir })
    .ended;
  assert.equal(code, 64, stderr);
  assert.match(
    stderr,
    /b4 is needed to fetch a series by its Message-ID:\n {2}apt-get install b4\n/,
  );
  assert.equal(await exists(join(project, id)), false);
});
