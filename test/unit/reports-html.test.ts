// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { compareRuns } from '../../src/history/compare.js';
import type { RunResult } from '../../src/model/result.js';
import { jobAnchor } from '../../src/reports/html/job-section.js';
import { renderHtml } from '../../src/reports/html/run-page.js';
import { inFolder, pairRun, writeRun } from './reports-html-run.js';
import { hostileText, sampleRun } from './reports-run.js';
import { caseWith, jobWith } from './verdict-evidence.js';

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

/** Links and anchors of a page. */
function linksOf(page: string): { hrefs: string[]; ids: Set<string> } {
  const all = (pattern: RegExp): string[] => [...page.matchAll(pattern)].map(([, one = '']) => one);
  return { hrefs: all(/ href="([^"]*)"/g), ids: new Set(all(/ id="([^"]*)"/g)) };
}

async function rendered(run: RunResult): Promise<string> {
  let page = '';
  await inFolder(async (dir) => {
    await writeRun(dir, run);
    page = await renderHtml(run, dir);
  });
  return page;
}

test('html: a fixed pair has its plots, matrix, jobs and commands', async () => {
  const page = await rendered(pairRun(['qemu-pseries-p9', 'qemu-powernv8']));
  assert.match(page, /^<!doctype html>\n<html lang="en">/);
  assert.match(
    page,
    /<title>CPU time used over time, qemu-pseries-p9, busy-guest<|<title id="p0x0u-t">/,
  );
  assert.equal(count(page, /<figure /g), 5);
  assert.equal(count(page, /SIGKILL to exit 14\.0 s/g), 2);
  assert.match(page, /unpatched 14\.1 s/);
  assert.equal(count(page, /<a class="cell expected"/g), 4);
  assert.equal(count(page, /<details class="job" ?>/g), 4);
  assert.match(page, /-append &quot;console=hvc0 quiet -- &lt;b&gt;&quot;<\/pre>/);
  assert.match(page, /runtime_remaining/);
  assert.doesNotMatch(page, /NaN|undefined|\[object/);
  assert.doesNotMatch(page, /zr\d+-/);
});

test('html: every link leads somewhere, and nothing is fetched', () =>
  inFolder(async (dir) => {
    const run = { ...sampleRun(), jobs: [...pairRun(['dev #1?', 'b']).jobs, ...sampleRun().jobs] };
    await writeRun(dir, run);
    const page = await renderHtml(run, dir);
    const { hrefs, ids } = linksOf(page);
    assert.ok(hrefs.length > 40);
    for (const href of hrefs) {
      if (href.startsWith('#')) assert.ok(ids.has(href.slice(1)), href);
      else assert.ok(existsSync(join(dir, decodeURIComponent(href))), href);
    }
    assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\/|@import|url\((?!#)/);
  }));

test('html: the same bytes from a copy of the folder, and the second time', () =>
  inFolder(async (dir) => {
    const run = { ...pairRun(['a', 'b']), jobs: [...pairRun(['a']).jobs, ...sampleRun().jobs] };
    await writeRun(join(dir, 'one'), run);
    const first = await renderHtml(run, join(dir, 'one'));
    await cp(join(dir, 'one'), join(dir, 'two'), { recursive: true });
    assert.equal(await renderHtml(run, join(dir, 'two')), first);
    assert.ok(!first.includes(dir));
  }));

test('html: hostile text everywhere stays text', async () => {
  const bad = `${hostileText}</script><img src=x onerror=alert(1)>" onmouseover="alert(1)`;
  const fault = {
    class: bad,
    title: bad,
    phase: 'test',
    lines: [bad, 'x'.repeat(10_000_000)],
  } as const;
  const hostile = jobWith({
    name: 'a',
    kernel: bad,
    device: bad,
    test: bad,
    reason: bad,
    status: 'FAIL',
    asExpected: false,
    cases: [caseWith(bad, 'FAIL', { [bad]: 1 }, bad), caseWith('busy_guest_dies_at_once', 'FAIL')],
    faults: [fault],
    facts: { [bad]: bad },
    deviceFacts: { qemu_argv: bad, [bad]: bad },
    payloadFacts: { [bad]: bad },
  });
  const pair = { base: bad, patched: bad, device: bad, test: bad, verdict: 'fixed' } as const;
  const run = sampleRun({ run: bad, matrix: bad, jobs: [hostile], verdicts: [pair] });
  const page = await rendered(run);
  assert.equal(count(page, /<script/gi), 1);
  assert.equal(count(page, /<\/script/gi), 1);
  assert.doesNotMatch(page, /<img/i);
  assert.doesNotMatch(page.replace(/="[^"]*"/g, ''), /<[^>]*onmouseover/i);
  assert.ok(!page.includes('\u001b'));
  assert.ok(page.length < 200_000, String(page.length));
});

test('html: the console is shown as text where nothing else explains a failure', () =>
  inFolder(async (dir) => {
    const job = jobWith({ status: 'MISS', decidedBy: 'machine', asExpected: false, cases: [] });
    const run = sampleRun({ jobs: [job], verdicts: [] });
    await writeRun(dir, run);
    const bytes = Buffer.from([0xff, 0xfe, 0x1b, 0x5b, 0x33, 0x31, 0x6d]);
    const text = Buffer.concat([Buffer.from('early\n'), Buffer.alloc(20_000, 'y\n'), bytes]);
    await writeFile(
      join(dir, job.name, 'console.log'),
      Buffer.concat([text, Buffer.from('<script>')]),
    );
    const page = await renderHtml(run, dir);
    assert.match(page, /End of the console<\/h4>[^]*\ufffd\ufffd&lt;script&gt;/);
    assert.ok(!page.includes('early'));
  }));

test('html: files that are absent, broken or elsewhere', () =>
  inFolder(async (dir) => {
    const run = pairRun(['a']);
    await writeRun(join(dir, 'run'), run);
    const [one, two] = run.jobs;
    assert.ok(one && two);
    await writeFile(join(dir, 'run', one.name, 'samples.json'), '{"not": "samples"}');
    await writeFile(join(dir, 'run', two.name, 'samples.json'), '[1, null, {"phase": 3}]');
    assert.doesNotMatch(await renderHtml(run, join(dir, 'run')), /id="p0x0"/);
    await mkdir(join(dir, 'secret'));
    await writeFile(join(dir, 'secret', 'console.log'), 'secret text');
    const away = { ...jobWith(), name: '../secret', asExpected: false, status: 'MISS' as const };
    const page = await renderHtml(sampleRun({ jobs: [away], verdicts: [] }), join(dir, 'run'));
    assert.doesNotMatch(page, /secret text|console\.log/);
    assert.match(
      await renderHtml(sampleRun({ jobs: [], verdicts: [] }), join(dir, 'none')),
      /no jobs/,
    );
  }));

test('html: what changed since the last run', () =>
  inFolder(async (dir) => {
    const run = pairRun(['a']);
    const [one, two] = run.jobs;
    assert.ok(one && two);
    const broken = { ...two, status: 'FAIL' as const, asExpected: false };
    const before = { ...run, run: 'before' };
    await writeRun(dir, run);
    const comparison = compareRuns(before, { ...run, jobs: [one, broken] });
    await writeFile(join(dir, 'comparison.json'), JSON.stringify(comparison));
    const page = await renderHtml(run, dir);
    assert.match(page, /Since run before/);
    assert.match(page, new RegExp(`New failures \\(1\\)[^]*#${jobAnchor(two.name)}`));
  }));

test('html: 200 jobs in less than 5 MB', async () => {
  const devices = Array.from({ length: 100 }, (_, index) => `qemu-device-${index}`);
  const page = await rendered(pairRun(devices));
  assert.equal(count(page, /<details class="job"/g), 200);
  assert.equal(count(page, /<figure /g), 201);
  assert.ok(Buffer.byteLength(page) < 5_000_000);
});

test('html: report.html is what the files report writes', () =>
  inFolder(async (dir) => {
    const { fileReport } = await import('../../src/reports/files.js');
    const run = pairRun(['a']);
    await writeRun(dir, run);
    await fileReport('html').onEnd(run, dir);
    assert.equal(await readFile(join(dir, 'report.html'), 'utf8'), await renderHtml(run, dir));
  }));
