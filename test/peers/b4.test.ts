// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { JobResult } from '../../src/model/result.js';
import { finishedCheck } from '../e2e/recorded-check.js';
import { project } from '../integration/cli.js';
import { caseWith, casesWith } from '../unit/verdict-evidence.js';
import { checkoutOf, commitOf, runPython, whyWithout, whyWithoutModules } from './checkout.js';

const skip = whyWithout('B4') || whyWithoutModules('email', 'sqlite3');
const script = fileURLToPath(new URL('../../../test/peers/b4.py', import.meta.url));
const program = `${process.execPath} ${join(project, 'bin', 'busyguest.mjs')} check --b4 --quiet`;

const mail = (n: number, body: string): string =>
  [
    'From: Tess Tester <tess@example.org>',
    'Date: Sat, 28 Nov 2026 12:00:00 +0000',
    `Message-ID: <2026.${n}@example.org>`,
    ...(n > 0 ? ['In-Reply-To: <2026.0@example.org>'] : []),
    `Subject: [PATCH ${n}/2] KVM: PPC: part ${n}`,
    '',
    body,
    '',
  ].join('\n');
const patch = (from: string, to: string): string =>
  [
    'diff --git a/arch/powerpc/kvm/book3s_hv.c b/arch/powerpc/kvm/book3s_hv.c',
    '--- a/arch/powerpc/kvm/book3s_hv.c',
    '+++ b/arch/powerpc/kvm/book3s_hv.c',
    '@@ -1 +1 @@',
    `-${from}`,
    `+${to}`,
    '-- ',
    '2.39.5',
  ].join('\n');

interface Result {
  readonly tool: string;
  readonly status: string;
  readonly summary: string;
  readonly url: string;
  readonly details: string;
}

/** What b4 makes of a command whose mail is the cover letter of a series. */
function asB4(dir: string, command: string, ...tracking: readonly string[]): readonly Result[] {
  const cover = join(dir, 'cover.eml');
  writeFileSync(cover, mail(0, 'Two patches.'));
  const src = join(checkoutOf('B4') ?? '', 'src');
  const { status, stdout, stderr } = runPython([script, src, command, cover, dir, ...tracking], {
    env: { HOME: dir },
  });
  assert.equal(status, 0, stderr);
  const said = JSON.parse(stdout) as { commands: unknown; results: readonly Result[] };
  assert.deepEqual(said.commands, [command]);
  return said.results;
}

async function inFolder(use: (dir: string) => Promise<void> | void): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-b4-'));
  try {
    await use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const broken = casesWith(caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.3 }));
const outcomes: readonly (readonly [string, Partial<JobResult>, RegExp])[] = [
  ['pass', {}, /^fixed: /],
  ['warn', { status: 'FAIL', asExpected: false, cases: broken }, /^no[ -]effect: /],
];

for (const [status, patched, summary] of outcomes) {
  test(`b4 reads a check that ends with ${status}: ${summary.source}`, { skip }, (t) =>
    inFolder(async (dir) => {
      t.diagnostic(commitOf('B4'));
      const run = join(dir, 'run');
      await finishedCheck(run, {}, patched);
      const url = '--base-url https://ci.example.org/results';
      const [result, ...others] = asB4(dir, `${program} ${url} --resume ${run}`);
      assert.deepEqual(others, []);
      assert.deepEqual([result?.tool, result?.status], ['busyguest', status], result?.summary);
      assert.match(result?.summary ?? '', summary);
      assert.equal(result?.url, 'https://ci.example.org/results/run/report.html');
      assert.match(result?.details ?? '', /\nVerdict: /);
    }),
  );
}

test("b4's cover letter leads to the thread that it keeps, and to its base", { skip }, () =>
  inFolder((dir) => {
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', dir, '-c', 'user.name=T', '-c', 'user.email=t@e.org', ...args], {
        encoding: 'utf8',
      }).trim();
    const file = join(dir, 'arch/powerpc/kvm/book3s_hv.c');
    mkdirSync(join(file, '..'), { recursive: true });
    const commit = (text: string): string => {
      writeFileSync(file, `${text}\n`);
      git('add', 'arch');
      git('commit', '-qm', text);
      return git('rev-parse', 'HEAD');
    };
    git('init', '-q');
    const base = commit('one');
    commit('two');
    const line = 'From mboxrd@z Thu Jan  1 00:00:00 1970\n';
    const mails = [
      mail(0, 'Two patches.'),
      mail(1, patch('one', 'two')),
      mail(2, patch('no', 'way')),
    ];
    const thread = join(dir, 'thread.mbox');
    writeFileSync(thread, mails.map((one) => `${line}${one}\n`).join(''));
    const tracking = join(dir, 'tracking.json');
    const blob = git('hash-object', '-w', thread);
    const series = { 'thread-blob': blob, 'base-commit': base };
    writeFileSync(tracking, JSON.stringify({ series }));
    const [result] = asB4(dir, `${program} --results ${join(dir, 'results')}`, tracking);
    assert.equal(result?.status, 'fail');
    // On the base the first applies; on HEAD it would not.
    assert.match(result?.summary ?? '', /part[ -]2.* does not apply/);
    assert.match(result?.summary ?? '', new RegExp(base.slice(0, 12)));
  }),
);
