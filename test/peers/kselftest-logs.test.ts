// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { readKtap, type KtapCase } from '../../src/ktap/reader.js';
import {
  checkoutOf,
  commitOf,
  debianPython,
  runPython,
  versionOf,
  whyWithout,
  whyWithoutPackage,
} from './checkout.js';

const fixtures = new URL('../../../test/fixtures/kselftest/', import.meta.url);

/** What Linaro's parse-output.py prints: a name and pass, fail or skip. */
async function theirs(context: TestContext, log: string): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-peers-'));
  context.after(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'output'));
  const program = join(
    checkoutOf('TEST_DEFINITIONS') ?? '',
    'automated/linux/kselftest/parse-output.py',
  );
  const { stdout, stderr } = runPython([program], { python: debianPython, cwd: dir, input: log });
  assert.doesNotMatch(stderr, /Traceback/);
  return stdout.split('\n').filter((line) => /^\S+ (pass|fail|skip)$/.test(line));
}

/** Its names: slugify() of that program. */
const slug = (text: string): string =>
  text
    .replace(/\[\d{1,5}\]/g, '')
    .replace(/[^A-Za-z0-9_-]+/g, '_')
    .replace(/^_|_$/g, '')
    .replace(/_-/g, '__');

const words = { PASS: 'pass', SKIP: 'skip', FAIL: 'fail', ERROR: 'fail', MISS: 'never' } as const;

function ours(log: string): string[] {
  const visit = (one: KtapCase, before: string): string[] => {
    const name = `${before}${slug(one.name.replace(/^selftests: ?/, ''))}`;
    return [...one.cases.flatMap((sub) => visit(sub, `${name}_`)), `${name} ${words[one.status]}`];
  };
  return readKtap(log.split(/\r?\n/)).cases.flatMap((one) => visit(one, ''));
}

/** Without the numbers that it gives to names that come again. */
const once = (lines: readonly string[]): readonly string[] => [
  ...new Set(lines.map((line) => line.replace(/_dup\d+(?= )/, ''))),
];

const without = (some: readonly string[], others: readonly string[]): string[] =>
  some.filter((line) => !others.includes(line));

const skip = whyWithout('TEST_DEFINITIONS') || whyWithoutPackage('python3-tap');

/** Of a job, what is printed between the marks. */
function ownLog(name: string): string {
  const text = readFileSync(new URL(name, fixtures), 'utf8');
  return text.slice(text.indexOf('TAP version 13'), text.indexOf('BUSYGUEST-END'));
}

for (const name of ['p9-minimal.log', 'base-test-cpu.log']) {
  test(`parse-output.py reads ${name} as we do`, { skip }, async (t) => {
    t.diagnostic(`${commitOf('TEST_DEFINITIONS')}, python3-tap ${versionOf('python3-tap')}`);
    const log = ownLog(name);
    const read = await theirs(t, log);
    assert.ok(read.length > 0);
    t.diagnostic(`${read.length} results`);
    assert.deepEqual(ours(log).sort(), read.map((line) => line.replace(/_dup\d+(?= )/, '')).sort());
  });
}

const lkft = join(checkoutOf('LAVA') ?? '', 'tests', 'lava_dispatcher', 'kernel-lkft.txt');
const noLkft = skip || whyWithout('LAVA') || (existsSync(lkft) ? false : `LAVA has no ${lkft}`);

test(
  'parse-output.py reads the log of LKFT as we do, but for what docs say',
  { skip: noLkft },
  async (t) => {
    t.diagnostic(`${commitOf('LAVA')}, ${commitOf('TEST_DEFINITIONS')}`);
    const log = readFileSync(lkft, 'utf8');
    const [read, own] = [await theirs(t, log), ours(log)];
    const count = (lines: readonly string[], word: string): number =>
      lines.filter((line) => line.endsWith(` ${word}`)).length;
    t.diagnostic(
      [...Object.values(words)]
        .map((word) => `${word} ${count(read, word)} / ${count(own, word)}`)
        .join(', '),
    );
    // Printed again by forked children: of 1,187 results of theirs, some hundred are ours.
    assert.ok(own.length < read.length / 2);
    assert.deepEqual(without(once(read), own), [
      'vm_soft-dirty pass',
      // `ok 1 # XFAIL NAME` has no name there.
      'vm_run_vmtests_sh_unknown pass',
      // A kernel message in the middle of the line is part of the name there.
      'vm_run_vmtests_sh_2GB_mremap___S_725_957536___vm_enough_memory_pid_2374_comm_virtual_address_no_enough_memory_for_the_allocation fail',
      'vm_run_vmtests_sh skip',
    ]);
    assert.deepEqual(without(own, once(read)), [
      // It says PASS, and run_vmtests SKIP, while results of theirs are FAIL.
      'vm_soft-dirty fail',
      'vm_run_vmtests_sh_mremap___Source_and_Destination_Regions_Overlapping pass',
      'vm_run_vmtests_sh_mremap___Destination_Address_Misaligned_1KB-aligned pass',
      'vm_run_vmtests_sh_mremap___Source_Address_Misaligned_1KB-aligned pass',
      'vm_run_vmtests_sh_2GB_mremap___S fail',
      // memfd_secret planned 4 and reported one: "Planned tests != run tests (4 != 1)".
      'vm_run_vmtests_sh_case_1 never',
      'vm_run_vmtests_sh_case_3 never',
      'vm_run_vmtests_sh_case_4 never',
      'vm_run_vmtests_sh fail',
    ]);
  },
);
