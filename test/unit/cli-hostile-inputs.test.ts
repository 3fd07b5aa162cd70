// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { readMatrixText } from '../../src/cli/matrix.js';
import { parse } from '../../src/cli/parse.js';
import { readConfigs } from '../../src/kernels/config.js';
import { fileKind } from '../../src/kernels/packages/archive.js';
import { openContents } from '../../src/kernels/packages/contents.js';
import { readSeries } from '../../src/kernels/read-series.js';
import { githubWorkflow, gitlabPipeline } from '../../src/labs/ci.js';
import { lavaIdentity } from '../../src/labs/lava/identity.js';
import { Rest } from '../../src/labs/lava/rest.js';
import { report } from '../../src/main.js';
import { InfraError, JobError, UsageError } from '../../src/model/errors.js';
import { openBundle } from '../../src/pipeline/bundle/open-bundle.js';
import { serveResults } from '../../src/pipeline/serve.js';
import { projectDir } from '../../src/system/files.js';
import { self } from '../../src/system/owner.js';
import { readInputOrPipe } from '../../src/system/input.js';
import { cleanText, terminalText } from '../../src/reports/text.js';

let dir = '';
before(async () => (dir = await mkdtemp(join(tmpdir(), 'busyguest-inputs-'))));
after(() => rm(dir, { recursive: true, force: true }));
const { signal } = new AbortController();

function pipeNobodyWrites(name: string): string {
  const path = join(dir, name);
  execFileSync('mkfifo', [path]);
  return path;
}

test('a job matrix that is a device, or a pipe that nobody writes to, is refused at once', async () => {
  await assert.rejects(readMatrixText('/dev/zero'), JobError);
  await assert.rejects(readInputOrPipe(pipeNobodyWrites('m.yaml'), 100, 1), JobError);
});

test('a series, a config, a log and a bundle that are devices are refused at once', async () => {
  await assert.rejects(readSeries('/dev/zero', signal), JobError);
  await assert.rejects(readConfigs({ config: ['/dev/zero'] }), JobError);
  await assert.rejects(parse('/dev/zero', { to: 'tap' }), JobError);
  await assert.rejects(openBundle('/dev/zero', join(dir, 'a'), signal), JobError);
  await assert.rejects(openBundle(pipeNobodyWrites('b'), join(dir, 'b1'), signal), JobError);
});

test('kernel packages that are devices or pipes are refused at once', async () => {
  await assert.rejects(openContents('/dev/zero'), JobError);
  await assert.rejects(openContents(pipeNobodyWrites('p.deb')), JobError);
  await assert.rejects(fileKind(pipeNobodyWrites('q.deb')), JobError);
});

test('a mail that is nested 3,000 deep, or has 2 MB of headers, is refused', async () => {
  let nested = 'From: a <a@b>\nSubject: [PATCH] x\n';
  for (let n = 0; n < 3000; n++) {
    nested += `Content-Type: multipart/mixed; boundary="b${n}"\n\n--b${n}\n`;
  }
  const headers = `From: a <a@b>\nSubject: x\nX-Y: ${'y'.repeat(3_000_000)}\n\n--- a/x\n+++ b/x\n`;
  for (const [name, text] of [
    ['nested.eml', nested],
    ['headers.eml', headers],
  ] as const) {
    await writeFile(join(dir, name), text);
    await assert.rejects(readSeries(join(dir, name), signal), JobError, name);
  }
});

test('a series from standard input leaves no file behind, and one of a killed process goes', async () => {
  const temporary = await mkdtemp(join(dir, 'tmp-'));
  const env = { ...process.env, TMPDIR: temporary, BUSYGUEST_CACHE: join(dir, 'cache') };
  const tree = await mkdtemp(join(dir, 'tree-'));
  const argv = ['check', '--series', '-', '--tree', tree, '--results', join(dir, 'none')];
  const { status } = spawnSync(process.execPath, [join(projectDir, 'bin/busyguest.mjs'), ...argv], {
    env,
    input: 'no mail',
  });
  assert.ok(status !== 0 && status !== 70, String(status));
  assert.deepEqual(await readdir(temporary), []);
  // 4 million PIDs are the most that Linux has.
  await mkdir(join(temporary, `busyguest-series-${self.replace(/^\d+/, '4999999')}-abc`));
  const script = `import { withScratch } from ${JSON.stringify(join(projectDir, 'dist/src/system/scratch.js'))};
    await withScratch('x', () => Promise.resolve());`;
  spawnSync(process.execPath, ['--input-type=module', '-e', script], { env });
  assert.deepEqual(await readdir(temporary), []);
});

test('what the system refuses is no bug of busyguest', () => {
  for (const [code, syscall] of [
    ['EMFILE', 'open'],
    ['EFBIG', 'write'],
    ['ENOENT', 'mkdtemp'],
    ['EAGAIN', 'spawn'],
  ]) {
    assert.equal(report(Object.assign(new Error(`${code}: x`), { code, syscall })), 69);
  }
  assert.equal(report(new TypeError('x is undefined')), 70);
});

/** A clipboard that is set, a cursor that is moved, a title, C1, a text that turns round. */
const hostile = [
  '\u001b]52;c;ZXZpbA==\u0007',
  '\u001b]52;c;ZXZpbA==\u001b\\',
  '\u001b[2J',
  '\u001b[8m',
  '\u001bP1$qm\u001b\\',
  '\u009b2J',
  '\u009d52;c;ZXZpbA==\u009c',
  '\u202etxet',
  '\u2066x',
  'a\rb',
  '\u001b',
  '\u001b]52;c;\u001b[0mZXZpbA==\u0007',
];

test('a terminal gets text that can be read, and of the sequences only our own', () => {
  for (const text of hostile) {
    const rest = terminalText(`x ${text} y`).replaceAll('\u001b[0m', '');
    assert.doesNotMatch(rest, /[\p{Cc}\p{Bidi_Control}]/u, JSON.stringify(text));
    assert.doesNotMatch(cleanText(text), /[\p{Cc}\p{Bidi_Control}]/u, JSON.stringify(text));
  }
  const ours = '\r\u001b[K\u001b[32mPASS\u001b[39m\tx\n';
  assert.equal(terminalText(ours), ours);
});

test('the log of a CI gets no command that a stranger wrote', () => {
  const attacks = [
    '::set-env name=PATH::/evil',
    '  \u00a0::add-mask::x',
    'a\n::stop-commands::t',
    '\u001b[0m::error file=x::y',
    'x ##[add-path]/evil',
    '##vso[task.setvariable variable=x]y',
    "##teamcity[buildStatus status='SUCCESS']",
    '\r::error::x',
  ];
  for (const text of attacks) {
    const shown = terminalText(text);
    // As the runners of GitHub and Azure and TeamCity look for them.
    for (const line of shown.split(/\r|\n/)) {
      assert.doesNotMatch(line, /^\s*::|##\w*\[/, JSON.stringify(text));
    }
    assert.ok(shown.replace(/[ \ufffd]/g, '').length > 8, 'the text itself stays');
  }
  for (const plain of ['a::b', 'C++ std::string', '## heading', '#1', 'a [b] ##']) {
    assert.equal(terminalText(plain), plain);
  }
});

test('a pipeline for a CI calls a job matrix by its name, whatever that is', () => {
  const file = 'jobs/a b;$(touch x)`id`\n- run: evil.yaml';
  for (const write of [githubWorkflow, gitlabPipeline]) {
    const text = write({ file, devices: ['qemu-powernv9', 'qemu-powernv8'] });
    const lines: string[] = [];
    const gather = (value: unknown): void => {
      if (typeof value === 'string')
        lines.push(...(value.includes('busyguest.mjs run') ? [value] : []));
      else if (typeof value === 'object' && value !== null) Object.values(value).forEach(gather);
    };
    gather(parseYaml(text));
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const shown = execFileSync('sh', ['-c', `node() { printf '%s\\0' "$@"; }; ${line}`], {
        cwd: dir,
        encoding: 'utf8',
      });
      assert.equal(shown.split('\0')[2], file);
    }
  }
});

async function answering(context: { after(end: () => void): void }, text: () => string) {
  const server: Server = createServer((_, response) => response.end(text()));
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return new Rest(
    { url, token: undefined },
    { signal, perSecond: 100_000, patienceMs: 0, mostBytes: 1000 },
  );
}

test('LAVA: pages without end, and an answer without end, are given up', async (context) => {
  const pages = await answering(
    context,
    () => '{"results": [], "next": "/api/v0.2/jobs/?offset=1"}',
  );
  await assert.rejects(
    pages.list('/jobs/', (one) => one),
    (error) => error instanceof InfraError && /more than 200 pages/.test(error.message),
  );
  const nowhere = await answering(context, () => '{"results": [], "next": "http://["}');
  await assert.rejects(
    nowhere.list('/jobs/', (one) => one),
    InfraError,
  );
  const answer = await answering(context, () => 'x'.repeat(100_000));
  await assert.rejects(answer.get('/x/'), InfraError);
});

test('LAVA: a token goes over plain http to this computer only, unless the user says so', async () => {
  const own = { LAVA_TOKEN: 'secret', XDG_CONFIG_HOME: dir };
  const asked = (url: string, more = {}) => lavaIdentity(url, { ...own, ...more });
  for (const url of ['http://lava.example', 'http://10.0.0.1', 'http://127.0.0.1.evil.example']) {
    await assert.rejects(asked(url), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, /unencrypted.*BUSYGUEST_LAVA_PLAIN=1/);
      return !error.message.includes('secret');
    });
    assert.equal((await asked(url, { BUSYGUEST_LAVA_PLAIN: '1' })).token, 'secret');
    assert.equal((await lavaIdentity(url, { XDG_CONFIG_HOME: dir })).token, undefined);
  }
  for (const url of [
    'https://lava.example',
    'http://127.0.0.1:80',
    'http://localhost',
    'http://[::1]',
  ]) {
    assert.equal((await asked(url)).token, 'secret');
  }
});

test('serve: a pipe in the results is as absent as what is not there, however often it is asked for', async () => {
  const results = join(dir, 'results');
  await mkdir(join(results, 'run'), { recursive: true });
  for (const name of ['console.log', 'results.json', 'run.json', 'run.lock', 'comparison.json']) {
    execFileSync('mkfifo', [join(results, 'run', name)]);
  }
  execFileSync('mkfifo', [join(results, 'index.json')]);
  const server = await serveResults(results, 0);
  const { port } = server.address() as AddressInfo;
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port}/${path}`)).status;
  const asked = Array.from({ length: 12 }, () => ask('run/console.log'));
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([404]));
  assert.equal(await ask('run/report.html'), 404);
  assert.equal(await ask(''), 200);
  server.closeAllConnections();
  server.close();
});
