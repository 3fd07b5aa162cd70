// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RunComparison } from '../../src/model/history.js';
import type { RunResult } from '../../src/model/result.js';
import { reportsOfRun } from '../../src/cli/reports.js';
import { runReports } from '../../src/reports/report.js';
import { busyguest, folder, start } from '../integration/cli.js';
import { pairRun, writeRun } from '../unit/reports-html-run.js';

/** A run of day `day` in results/, as `run` leaves it. `broken`: the patched kernel fails too. */
async function addRun(results: string, day: number, broken = false): Promise<string> {
  const good = pairRun(['qemu-pseries-p9']);
  const name = `2026110${day}-120000-pre-pull`;
  const startedAt = `2026-11-0${day}T12:00:00.000Z`;
  const jobs = good.jobs.map((job) =>
    broken && job.kernel === 'patched'
      ? { ...job, status: 'FAIL' as const, asExpected: false, reason: 'it ran on' }
      : job,
  );
  const run: RunResult = { ...good, run: name, startedAt, matrix: 'jobs/pre-pull.yaml', jobs };
  const dir = join(results, name);
  await writeRun(dir, run);
  assert.deepEqual(await runReports(reportsOfRun(undefined), run, dir), []);
  return dir;
}

async function threeRuns(context: TestContext): Promise<{ results: string; dirs: string[] }> {
  const results = await folder(context);
  const dirs = [
    await addRun(results, 1),
    await addRun(results, 2, true),
    await addRun(results, 3, true),
  ];
  return { results, dirs };
}

const readText = (...parts: string[]): Promise<string> => readFile(join(...parts), 'utf8');

test('a run leaves comparison, page and index beside its results', async (context) => {
  const { results, dirs } = await threeRuns(context);
  const [one = '', two = '', three = ''] = dirs;
  assert.equal(existsSync(join(one, 'comparison.json')), false);
  const readComparison = async (dir: string): Promise<RunComparison> =>
    JSON.parse(await readText(dir, 'comparison.json')) as RunComparison;
  const second = await readComparison(two);
  assert.equal(second.a, '20261101-120000-pre-pull');
  assert.deepEqual(
    second.newFailures.map(({ job }) => job),
    ['patched-qemu-pseries-p9-busy-guest'],
  );
  const third = await readComparison(three);
  assert.deepEqual([third.newFailures.length, third.stillFailing.length], [0, 1]);
  assert.match(await readText(three, 'report.html'), /Since run 20261102-120000-pre-pull/);
  const index = await readText(results, 'index.html');
  for (const dir of await readdir(results)) {
    if (!dir.includes('.')) assert.ok(index.includes(`href="${dir}/report.html"`), dir);
  }
});

test('a report that fails loses neither the run nor the other reports', async (context) => {
  const { results, dirs } = await threeRuns(context);
  const run = JSON.parse(await readText(dirs[2] ?? '', 'results.json')) as RunResult;
  const dir = join(results, 'again');
  await writeRun(dir, run);
  await mkdir(join(dir, 'comparison.json'));
  const reports = reportsOfRun(`junit=${join(dir, 'no', 'such', 'folder.xml')}`);
  const failed = await runReports(reports, run, dir);
  assert.deepEqual(
    failed.map(({ report }) => report),
    ['comparison', 'junit'],
  );
  assert.ok(existsSync(join(dir, 'report.html')));
  assert.match(await readText(results, 'index.html'), /again\/report\.html/);
});

test('compare: exit code 1 for new failures only, text and JSON', async (context) => {
  const { dirs } = await threeRuns(context);
  const [one = '', two = '', three = ''] = dirs;
  const worse = await busyguest('compare', one, two);
  assert.equal(worse.code, 1, worse.stderr);
  assert.match(worse.stdout, /New failures \(1\):\n {2}patched-\S+: PASS -> FAIL\n {4}it ran on/);
  const same = await busyguest('compare', two, three, '--json');
  assert.equal(same.code, 0);
  assert.equal(JSON.parse(same.stdout).stillFailing.length, 1);
  const better = await busyguest('compare', three, one);
  assert.equal(better.code, 0);
  assert.match(better.stdout, /^Fixed \(1\):/m);
  const none = await busyguest('compare', one, join(one, 'nothing'));
  assert.equal(none.code, 64);
});

test('compare without arguments: the newest run and the one before it; the change in its last line', async (context) => {
  const { results, dirs } = await threeRuns(context);
  const [, two = '', three = ''] = dirs;
  const newest = await busyguest('compare', '--results', results);
  assert.equal(newest.code, 0, newest.stderr);
  assert.match(newest.stdout, /^20261102-120000-pre-pull -> 20261103-120000-pre-pull$/m);
  const second = await busyguest('compare', two);
  assert.equal(second.code, 1);
  assert.match(
    second.stdout,
    /\nsince 20261101-120000-pre-pull: 1 new failure: patched-\S+ \(PASS -> FAIL\) \(the same kernels\)\n$/,
  );
  const shown = await busyguest('report', three);
  assert.match(shown.stdout, /^since 20261102-120000-pre-pull: 1 job still failing/m);
  const first = await busyguest('compare', dirs[0] ?? '');
  assert.equal(first.code, 64);
  assert.match(first.stderr, /no earlier run/);
  const nothing = await busyguest('compare', '--results', join(results, 'nothing'));
  assert.equal(nothing.code, 64);
});

test('the headline is one sentence everywhere', async (context) => {
  const { results, dirs } = await threeRuns(context);
  const dir = dirs[0] ?? '';
  const { headline } = JSON.parse(await readText(dir, 'results.json')) as { headline: string };
  assert.match(headline, /^fixed: patched keeps the limit on pseries-p9; unpatched breaks/);
  const { stdout } = await busyguest('report', dir, '--report', `markdown=${join(dir, 'x.md')}`);
  assert.equal(stdout.trimEnd().split('\n').at(-1), headline);
  assert.ok((await readText(dir, 'x.md')).startsWith(`### busyguest: ${headline}\n`));
  assert.ok((await readText(dir, 'report.html')).includes(`<title>busyguest: ${headline}</title>`));
  assert.ok((await readText(results, 'index.html')).includes(headline));
});

test('report --html: the same bytes from a copied run, links followed from elsewhere', async (context) => {
  const { results, dirs } = await threeRuns(context);
  const dir = dirs[1] ?? '';
  const copy = join(await folder(context), 'copied');
  await cp(dir, copy, { recursive: true });
  await writeFile(join(copy, 'report.html'), '');
  const { code, stdout } = await busyguest('report', copy, '--html');
  assert.equal(code, 1);
  assert.match(stdout, /report: .*copied\/report\.html/);
  assert.equal(await readText(copy, 'report.html'), await readText(dir, 'report.html'));
  const elsewhere = join(results, 'page.html');
  assert.equal((await busyguest('report', dir, '--report', `html=${elsewhere}`)).code, 1);
  const page = await readText(elsewhere);
  const hrefs = [...page.matchAll(/ href="([^"#][^"]*)"/g)].map(([, href = '']) => href);
  assert.ok(hrefs.length > 4);
  for (const href of hrefs) assert.ok(existsSync(join(results, decodeURIComponent(href))), href);
});

test('the exit code is the same whatever reports are asked for', async (context) => {
  const { dirs } = await threeRuns(context);
  const out = await folder(context);
  const list = ['junit', 'tap', 'kcidb', 'html', 'markdown', 'json'];
  const asked = list.map((name) => `${name}=${join(out, name)}`).join(',');
  for (const [dir, code] of [
    [dirs[0] ?? '', 0],
    [dirs[1] ?? '', 1],
  ] as const) {
    assert.equal((await busyguest('report', dir)).code, code);
    assert.equal((await busyguest('report', dir, '--report', asked)).code, code);
    assert.deepEqual((await readdir(out)).sort(), [...list].sort());
  }
  assert.equal((await busyguest('report', dirs[0] ?? '', '--report', 'pdf=x')).code, 64);
});

test('prune: by count and age, a dry run first, never the latest', async (context) => {
  const { results, dirs } = await threeRuns(context);
  const [one = ''] = dirs;
  await symlink('20261101-120000-pre-pull', join(results, 'latest'));
  await mkdir(join(results, 'not-a-run'));
  const dry = await busyguest('prune', '--keep-runs', '1', '--results', results, '--dry-run');
  assert.match(dry.stdout, /would remove \S*20261102-120000-pre-pull\n1 of 3 runs/);
  assert.ok(dirs.every((dir) => existsSync(dir)));
  const real = await busyguest('prune', '--max-age-days', '0', '--results', results);
  assert.equal(real.code, 0, real.stderr);
  assert.deepEqual(
    dirs.map((dir) => existsSync(dir)),
    [true, false, true],
  );
  assert.ok(existsSync(one) && existsSync(join(results, 'not-a-run')));
  assert.doesNotMatch(await readText(results, 'index.html'), /20261102/);
  assert.equal((await busyguest('prune', '--results', results)).code, 64);
  assert.equal((await busyguest('prune', '--keep-runs', '0', '--results', results)).code, 64);
});

test('submit-kcidb: posts kcidb.json; the token is nowhere to be read', async (context) => {
  const { dirs } = await threeRuns(context);
  const dir = dirs[0] ?? '';
  const token = 'a-s3cret-token';
  const posted: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      posted.push(`${request.headers.authorization ?? ''} ${body.length}`);
      // A server that says what it was sent.
      response.end(JSON.stringify({ id: request.headers.authorization }));
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const env = { KCIDB_REST: `http://${token}@127.0.0.1:${port}/` };
  const dry = await start(['submit-kcidb', dir, '--dry-run'], env).ended;
  assert.equal(dry.code, 0, dry.stderr);
  assert.match(dry.stdout, /2 checkouts, 2 builds, \d+ tests.*\nwould post \d+ bytes to http:/);
  assert.deepEqual(posted, []);
  const sent = await start(['submit-kcidb', dir, '--origin', 'lab_1'], env).ended;
  assert.equal(sent.code, 0, sent.stderr);
  const body = await readText(dir, 'kcidb.json');
  assert.deepEqual(posted, [`Bearer ${token} ${body.length}`]);
  assert.match(body, /"origin": "lab_1"/);
  const said = [dry, sent].map(({ stdout, stderr }) => stdout + stderr).join('');
  assert.doesNotMatch(said + body, new RegExp(token));
  const unset = await start(['submit-kcidb', dir], { KCIDB_REST: '' }).ended;
  assert.equal(unset.code, 64);
});
