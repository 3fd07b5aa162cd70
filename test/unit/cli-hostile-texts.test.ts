// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import { clean } from '../../src/console/title.js';
import { FaultReader } from '../../src/console/fault-reader.js';
import { summarizeRun } from '../../src/history/summary.js';
import { hasEffect } from '../../src/kernels/config-effect.js';
import { diffText } from '../../src/kernels/diff-text.js';
import { settings } from '../../src/kernels/fragment.js';
import { readKconfig } from '../../src/kernels/kconfig.js';
import { readMail, splitMbox } from '../../src/kernels/mbox.js';
import { readSeries } from '../../src/kernels/read-series.js';
import { renderDraft } from '../../src/reports/mail-draft.js';
import { renderTap } from '../../src/reports/tap.js';
import { terminalText } from '../../src/reports/text.js';
import { sampleRun } from './reports-run.js';

// Where the time to match a text grows with the square of its length, a text like these takes hours, in which busyguest
// hears no signal. So such a test does not fail: it does not end. eslint-plugin-regexp looks for such expressions.

const length = 2_000_000;
const many = (text: string): string => text.repeat(length / text.length);
const header = 'From: a <a@b>\nSubject: x\n';

let dir = '';
before(async () => (dir = await mkdtemp(join(tmpdir(), 'busyguest-texts-'))));
after(() => rm(dir, { recursive: true, force: true }));

test('a mailbox with one long line that begins like a separator', () => {
  const first = 'From a@b Mon Sep 17 00:00:00 2001\n';
  const mails = splitMbox(Buffer.from(`${first}${header}\nFrom x${many(' 00:00 ')}\n`));
  assert.equal(mails.length, 1);
});

test('a mail of flowed text with one long line', async () => {
  const type = 'Content-Type: text/plain; format=flowed\n';
  const { text } = await readMail(Buffer.from(`${header}${type}\n${many('a ')}b\n`), 'x');
  assert.ok(text.length >= length);
});

test('a subject of dots, and a name of spaces', async () => {
  // Headers may have a megabyte or two.
  const dots = '.'.repeat(1_000_000);
  const path = join(dir, 'x.eml');
  const diff = '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n';
  await writeFile(path, `From: a <a@b>\nSubject: [PATCH] x${dots}y\n\n${diff}`);
  const [patch] = await readSeries(path, new AbortController().signal);
  assert.match(patch?.name ?? '', /^0001-x\.+\.patch$/);
  const reply = { to: [], cc: [], subject: 's', messageId: '<a@b>', references: [] };
  const facts = { base: 'b', patches: [], where: 'w', command: 'c', config: [], version: '1' };
  const from = `a${many(' ')}b<c@example.org>`;
  assert.match(renderDraft(sampleRun(), { ...facts, reply: { ...reply, from } }), /^To: "?a /);
});

test('a patch with a long run of blank lines', () => {
  const diff = '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b';
  assert.equal(diffText(`${diff}\n${many('\n')}x`), diff);
});

test('a config, a Kconfig file and a source with one long line', async () => {
  assert.equal(settings(`CONFIG_A=${many(' ')}"x`).size, 0);
  await writeFile(join(dir, 'Kconfig'), `config A\nbool "a" if${many(' ')}\u2028\n`);
  assert.ok((await readKconfig(dir, usualArchitecture)).has('A'));
  const symbols = new Map([['CONFIG_A', 'y']]);
  hasEffect(`${many('/*')}\n#ifdef CONFIG_A\n`, symbols, new Map(), new Set());
});

test('a console with long lines', () => {
  const reader = new FaultReader();
  for (const text of ['a', ' ', ': ', '+0x1'])
    for (let n = 0; n < 2000; n++) reader.feed(`BUG: ${n} ${text.repeat(16_000)}`, 'test');
  assert.equal(reader.end().length, 100);
  assert.equal(clean(`BUG: ${many('a')}`).length, 200);
  assert.equal(clean(`BUG:${many(' ')}x`), 'BUG: x');
});

test('results of anybody with long texts', () => {
  const run = sampleRun();
  const [job] = run.jobs;
  assert.ok(job);
  const hostile = { ...job, name: `a${many('{')}b`, facts: { kernel_source: `${many('1')}/` } };
  summarizeRun({ ...run, jobs: [hostile] }, 'x');
  assert.ok(renderTap({ ...run, jobs: [hostile] }).length > length);
  assert.ok(terminalText(`${many('\n')}x`).length > length);
});

test('a folder of patches that are more than a series', async () => {
  const folder = join(dir, 'series');
  await mkdir(folder);
  // Files without blocks: each alone may be a patch.
  for (let n = 0; n < 3; n++) {
    await writeFile(join(folder, `${n}.patch`), '');
    await truncate(join(folder, `${n}.patch`), 40 * 1024 ** 2);
  }
  await assert.rejects(readSeries(folder, new AbortController().signal), /more than 64 MiB/);
});
