// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { RunResult } from '../../src/model/result.js';
import { renderFlatTap, renderTap } from '../../src/reports/tap.js';
import { expectedModes, type ExpectedMode } from '../../src/verdict/expected.js';
import { pairRun } from '../unit/reports-html-run.js';
import { debianPython, runPython, versionOf, whyWithoutPackage } from './checkout.js';

/** A night in which everything is as expected: on each machine one kernel fails. */
const run: RunResult = pairRun(['qemu-pseries-p9', 'qemu-powernv8']);
const jobs = run.jobs.length;
const cases = run.jobs.flatMap((job) => job.cases).length;

async function fileOf(context: TestContext, text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-peers-'));
  context.after(() => rm(dir, { recursive: true }));
  const file = join(dir, 'results.tap');
  await writeFile(file, text);
  return file;
}

/** prove of the system, or of the modules in a folder: what it says. */
function prove(file: string, modules?: string): string {
  const code = 'my $app = App::Prove->new; $app->process_args(@ARGV); exit($app->run ? 0 : 1)';
  const path = modules === undefined ? [] : ['-I', modules];
  const argv = [...path, '-MApp::Prove', '-e', code, '--', '-e', 'cat', file];
  return spawnSync('perl', argv, { encoding: 'utf8' }).stdout;
}

const versionIn = (modules?: string): string =>
  spawnSync(
    'perl',
    [
      ...(modules === undefined ? [] : ['-I', modules]),
      '-MTAP::Parser',
      '-e',
      'print TAP::Parser->VERSION',
    ],
    { encoding: 'utf8' },
  ).stdout;

/** A night is red only where that is asked for. */
const resultOf = (mode: ExpectedMode): RegExp =>
  mode === 'fail' ? /^Result: FAIL$/m : /^Result: PASS$/m;

const noPerl = versionIn() === '' ? 'perl has no TAP::Parser' : false;

test('prove of this system reads tap13', { skip: noPerl }, async (t) => {
  t.diagnostic(`TAP::Parser ${versionIn()}`);
  for (const mode of expectedModes) {
    const said = prove(await fileOf(t, renderFlatTap(run, mode)));
    assert.match(said, resultOf(mode));
    assert.match(said, new RegExp(`^Files=1, Tests=${jobs + cases},`, 'm'));
    assert.doesNotMatch(said, /Parse errors/);
  }
});

const modules = process.env['TAP_HARNESS'];
const noModules =
  noPerl ||
  (modules !== undefined && existsSync(join(modules, 'TAP', 'Harness.pm'))
    ? false
    : 'TAP_HARNESS is not set (perl modules of Debian sid: a folder with TAP/Harness.pm)');

test('prove of Debian sid reads both', { skip: noModules }, async (t) => {
  t.diagnostic(`TAP::Parser ${versionIn(modules)}`);
  for (const mode of expectedModes) {
    for (const [text, count] of [
      [renderTap(run, mode), jobs],
      [renderFlatTap(run, mode), jobs + cases],
    ] as const) {
      const said = prove(await fileOf(t, text), modules);
      assert.match(said, resultOf(mode));
      assert.match(said, new RegExp(`^Files=1, Tests=${count},`, 'm'));
      assert.doesNotMatch(said, /Parse errors/);
    }
  }
});

const countLines = `
import sys
from tap.parser import Parser
lines = list(Parser().parse_text(sys.stdin.read()))
tests = [line for line in lines if line.category == "test"]
print(sum(l.category == "plan" for l in lines), len(tests), sum(t.todo for t in tests),
      sum(not t.ok and not t.todo for t in tests))
`;

test('tap.py reads both', { skip: whyWithoutPackage('python3-tap') }, async (t) => {
  t.diagnostic(`python3-tap ${versionOf('python3-tap')}`);
  const failing = run.jobs
    .flatMap((job) => job.cases)
    .filter((one) => one.status === 'FAIL').length;
  const base = run.jobs.filter(({ status }) => status === 'FAIL').length;
  const said = (text: string): string =>
    runPython(['-c', countLines], { python: debianPython, input: text })
      .stdout.trim()
      .split('\n')
      .at(-1) ?? '';
  assert.equal(said(renderFlatTap(run)), `1 ${jobs + cases} ${failing + base} 0`);
  assert.equal(said(renderFlatTap(run, 'fail')), `1 ${jobs + cases} 0 ${failing + base}`);
  assert.equal(said(renderFlatTap(run, 'pass')), `1 ${jobs + cases} 0 0`);
  assert.equal(said(renderTap(run)), `1 ${jobs} ${base} 0`);
  // Its own command judges where the plan stands, too.
  const file = await fileOf(t, renderFlatTap(run));
  const { status, stderr } = runPython(
    ['-c', 'import sys, tap.main; sys.exit(tap.main.main())', file],
    { python: debianPython },
  );
  assert.equal(status, 0, stderr);
  assert.match(stderr, new RegExp(`^Ran ${jobs + cases} tests`, 'm'));
});
