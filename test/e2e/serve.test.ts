// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { chromium } from 'playwright-core';
import { self } from '../../src/system/owner.js';
import { folder, project } from '../integration/cli.js';
import { pairRun, writeRun } from '../unit/reports-html-run.js';

interface Served {
  readonly url: string;
  readonly port: number;
  readonly results: string;
}

const runName = '20261101-120000-pre-pull';

/** `busyguest serve` over a results folder with one finished run. */
async function serve(context: TestContext): Promise<Served> {
  const results = join(await folder(context), 'results');
  await writeRun(join(results, runName), { ...pairRun(['qemu-pseries-p9']), run: runName });
  const args = [join(project, 'bin', 'busyguest.mjs'), 'serve', '--port', '0'];
  const child = spawn(process.execPath, [...args, '--results', results], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  context.after(async () => {
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null]);
  });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  return { url, port: Number(new URL(url).port), results };
}

interface Answer {
  readonly status: number | undefined;
  readonly type: string | undefined;
  readonly policy: string | undefined;
  readonly body: string;
}

/** One request as it stands: fetch() would tidy path and Host. */
async function ask(
  { port }: Served,
  path: string,
  { host = `127.0.0.1:${port}`, method = 'GET' } = {},
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response) body += String(chunk);
  const policy = response.headers['content-security-policy'];
  return {
    status: response.statusCode,
    type: response.headers['content-type'],
    policy: String(policy),
    body,
  };
}

test('serve: the index, pages and raw files; nothing that a browser would run', async (context) => {
  const served = await serve(context);
  const job = 'patched-qemu-pseries-p9-busy-guest';
  await writeFile(join(served.results, runName, job, 'evil.html'), '<script>alert(1)</script>');
  const index = await ask(served, '/');
  assert.equal(index.status, 200);
  assert.ok(index.body.includes(`href="${runName}/results.json"`));
  const page = await ask(served, `/${runName}/report.html`);
  assert.match(page.body, /<title>busyguest: fixed/);
  for (const { type, policy } of [index, page]) {
    assert.equal(type, 'text/html; charset=utf-8');
    assert.match(policy ?? '', /^default-src 'none';.*script-src 'sha256-.*frame-ancestors 'none'/);
  }
  const log = await ask(served, `/${runName}/${job}/console.log`);
  assert.deepEqual([log.status, log.type], [200, 'text/plain; charset=utf-8']);
  assert.match(log.body, /BUSYGUEST-START/);
  assert.equal((await ask(served, `/${runName}/${job}/evil.html`)).type, log.type);
  const json = await ask(served, `/${runName}/results.json`);
  assert.equal(json.type, 'application/json; charset=utf-8');
  assert.equal((JSON.parse(json.body) as { run: string }).run, runName);
});

test('serve: no way out of the folder, no writing, no foreign names', async (context) => {
  const served = await serve(context);
  const { results, port } = served;
  await writeFile(join(results, '..', 'secret.txt'), 'secret');
  await symlink('../../secret.txt', join(results, runName, 'link.txt'));
  await symlink('../..', join(results, runName, 'up'));
  await symlink(runName, join(results, 'latest'));
  await mkdir(join(results, '.hidden'));
  await writeFile(join(results, '.hidden', 'file'), 'secret');
  const outside = [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    `/${runName}/..%2f..%2fsecret.txt`,
    `/${runName}/%2e%2e/%2e%2e/secret.txt`,
    `/${runName}/..\\..\\secret.txt`,
    `/${runName}/link.txt`,
    `/${runName}/up/secret.txt`,
    '/.hidden/file',
    '/etc/passwd',
    '//etc/passwd',
    '/%00',
    '/%zz',
    `/${runName}`,
    `/${runName}/`,
    `http://127.0.0.1:${port}/../secret.txt`,
  ];
  for (const path of outside) {
    const { status, body } = await ask(served, path);
    assert.ok(status === 400 || status === 404, `${path} ${status}`);
    assert.doesNotMatch(body, /secret|root:/, path);
  }
  assert.equal((await ask(served, '/latest/results.json')).status, 200);
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    assert.equal((await ask(served, `/${runName}/results.json`, { method })).status, 405, method);
  }
  for (const host of [
    'evil.example',
    `evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port + 1}`,
  ]) {
    assert.equal((await ask(served, '/', { host })).status, 421, host);
  }
  for (const host of [`localhost:${port}`, `[::1]:${port}`]) {
    assert.equal((await ask(served, '/', { host })).status, 200, host);
  }
  assert.equal(await readFile(join(results, '..', 'secret.txt'), 'utf8'), 'secret');
});

/** A run that goes on: run.json, its lock, and the jobs that are finished. */
async function beginRun(results: string, name: string): Promise<() => Promise<void>> {
  const run = { ...pairRun(['qemu-powernv8']), run: name, startedAt: '2026-11-02T12:00:00.000Z' };
  const dir = join(results, name);
  await mkdir(dir);
  const record = {
    file: 'x.yaml',
    startedAt: run.startedAt,
    jobs: run.jobs.map((job) => job.name),
  };
  await writeFile(join(dir, 'run.json'), JSON.stringify(record));
  await writeFile(join(dir, 'run.lock'), `${self}\n`);
  return async () => {
    await writeRun(dir, run);
    await rm(join(dir, 'run.lock'));
  };
}

async function nextState(lines: AsyncIterator<string>): Promise<string> {
  for (;;) {
    const { value, done } = await lines.next();
    assert.ok(!done, 'the events ended');
    if (value.startsWith('data: ')) return value;
  }
}

test('serve: events tell of a run that begins, goes on and ends', async (context) => {
  const served = await serve(context);
  const sent = request({ host: '127.0.0.1', port: served.port, path: '/events' });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  context.after(() => sent.destroy());
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8');
  const lines = createInterface(response)[Symbol.asyncIterator]();
  const seen = [await nextState(lines)];
  const end = await beginRun(served.results, 'new');
  seen.push(await nextState(lines));
  const index = await ask(served, '/');
  assert.match(index.body, /new<\/a>:\s+in progress, 0 of 2 jobs finished/);
  const page = await ask(served, '/new/report.html');
  assert.match(page.body, /in progress, 0 of 2 jobs finished/);
  await end();
  seen.push(await nextState(lines));
  assert.equal(new Set(seen).size, 3);
  assert.doesNotMatch((await ask(served, '/')).body, /in progress/);
});

test('serve: a run whose process is dead is no run in progress', async (context) => {
  const served = await serve(context);
  await beginRun(served.results, 'killed');
  // Its PID is another process's by now: ours.
  const owner = self.replace(/-\d+-/, '-1-');
  await writeFile(join(served.results, 'killed', 'run.lock'), `${owner}\n`);
  assert.match(
    (await ask(served, '/')).body,
    /killed<\/a>:\s+ended before it was finished, 0 of 2/,
  );
});

const browserPath = '/usr/bin/chromium';
const skip = existsSync(browserPath) ? false : `no browser at ${browserPath} (Debian: chromium)`;

test('browser: served pages follow a run by themselves', { skip }, async (context) => {
  const served = await serve(context);
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
  context.after(() => browser.close());
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  const icon = new URL('/favicon.ico', served.url).href;
  page.on('response', (response) => {
    if (response.status() >= 400 && response.url() !== icon) complaints.push(response.url());
  });
  await page.goto(served.url);
  const end = await beginRun(served.results, 'new');
  await page.getByText('in progress, 0 of 2 jobs finished').waitFor();
  await page.getByRole('link', { name: 'new' }).click();
  await page.getByText('in progress, 0 of 2 jobs finished').waitFor();
  await end();
  await page.locator('figure > svg').first().waitFor();
  assert.match(await page.title(), /fixed: patched keeps the limit/);
  await page
    .getByRole('button', { name: /enlarge/ })
    .first()
    .click();
  await page.locator('dialog svg').waitFor();
  assert.deepEqual(complaints, []);
});
