// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { LineSplitter } from '../../src/console/lines.js';
import { KtapReader, type KtapCase, type KtapDocument } from '../../src/ktap/reader.js';
import { flatten } from '../../src/ktap/flatten.js';
import { renderFlatTap, renderTap } from '../../src/reports/tap.js';
import { cacheDir } from '../../src/system/files.js';
import { pairRun } from '../unit/reports-html-run.js';
import { runPython } from './checkout.js';

/** Trees that may have kunit.py: of KERNEL_TREE, and those that the cache has. */
function kunitOf(): string | undefined {
  const sources = cacheDir('sources');
  const cached = existsSync(sources) ? readdirSync(sources).sort().reverse() : [];
  const trees = [process.env['KERNEL_TREE'] ?? '', ...cached.map((name) => join(sources, name))];
  return trees
    .map((tree) => join(tree, 'tools', 'testing', 'kunit'))
    .find((dir) => existsSync(join(dir, 'test_data')));
}

const kunit = kunitOf();
const skip = kunit === undefined && 'no kernel source in the cache, and KERNEL_TREE is not set';

const program = `
import sys, json
sys.path.insert(0, sys.argv[1])
import kunit_parser, kunit_printer
def leaves(test, path):
    for sub in test.subtests:
        own = path + [sub.name]
        yield from leaves(sub, own) if sub.subtests else [["/".join(own), sub.status.name]]
read = {}
for file in sys.argv[2:]:
    with open(file, errors="backslashreplace") as lines:
        test = kunit_parser.parse_run_tests(lines, kunit_printer.Printer())
    read[file] = {"status": test.status.name, "counts": test.counts.__dict__, "leaves": list(leaves(test, []))}
print(json.dumps(read))
`;

interface Kunit {
  readonly status: string;
  readonly counts: Readonly<Record<'passed' | 'failed' | 'crashed' | 'skipped', number>>;
  readonly leaves: readonly (readonly [name: string, status: string])[];
}

function kunitReads(files: readonly string[]): Readonly<Record<string, Kunit>> {
  const { stdout, stderr } = runPython(['-c', program, kunit ?? '', ...files]);
  // Before the last line is what the printer says to people.
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  assert.match(last, /^\{/, stderr);
  return JSON.parse(last) as Record<string, Kunit>;
}

function weRead(file: string): KtapDocument {
  const splitter = new LineSplitter();
  const reader = new KtapReader();
  for (const line of [...splitter.push(readFileSync(file)), ...splitter.end()])
    reader.feed(line.text, line);
  return reader.end();
}

const words: Readonly<Record<string, string>> = {
  SUCCESS: 'PASS',
  FAILURE: 'FAIL',
  SKIPPED: 'SKIP',
  TEST_CRASHED: 'MISS',
  NO_TESTS: 'ERROR',
};

/** Where we differ, and why: docs/results.md, "Logs of others". */
const different: Readonly<Record<string, readonly string[]>> = {
  // The runner's nested results are diagnostics for kunit.py.
  'test_is_test_passed-kselftest.log': ['PASS 2', 'SKIP 1'],
  // One result: kunit.py counts the suite, which says PASS, and we the case in which nothing ran.
  'test_is_test_passed-no_tests_no_plan.log': ['PASS 1'],
};

function countsOf({ counts }: Kunit): string[] {
  const { passed, failed, crashed, skipped } = counts;
  return Object.entries({ PASS: passed, FAIL: failed, MISS: crashed, SKIP: skipped })
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${status} ${count}`)
    .sort();
}

function ourCounts(document: KtapDocument): string[] {
  const statuses = flatten(document).map(({ status }) => status);
  return [...new Set(statuses)]
    .map((status) => `${status} ${statuses.filter((one) => one === status).length}`)
    .sort();
}

const leavesOf = (cases: readonly KtapCase[]): readonly KtapCase[] =>
  cases.flatMap((one) => (one.cases.length > 0 ? leavesOf(one.cases) : [one]));

test("kunit.py's own test data read the same, but for what docs say", { skip }, (t) => {
  const dir = join(kunit ?? '', 'test_data');
  const files = readdirSync(dir).filter((name) => name.endsWith('.log'));
  t.diagnostic(`${files.length} logs of ${dir}`);
  assert.ok(files.length >= 20);
  const theirs = kunitReads(files.map((name) => join(dir, name)));
  for (const name of files) {
    const [kunits, document] = [theirs[join(dir, name)], weRead(join(dir, name))];
    assert.ok(kunits);
    const counts = different[name];
    if (counts === undefined) assert.deepEqual(ourCounts(document), countsOf(kunits), name);
    else assert.deepEqual(countsOf(kunits), counts, name);
    if (name === 'test_is_test_passed-kselftest.log') continue;
    // A test that crashed has no name there.
    const named = kunits.leaves.map(
      ([path, status]) => `${path.replace(/\/$/, '')} ${words[status]}`,
    );
    const own = leavesOf(document.cases).map(
      (one) =>
        `${[...one.path, ...(one.status === 'MISS' ? [] : [one.name])].join('/')} ${one.status}`,
    );
    assert.deepEqual(own, named, name);
  }
});

test('kunit.py reads our KTAP, TAP 13 and TAP 14', { skip }, async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-peers-'));
  t.after(() => rm(dir, { recursive: true }));
  const run = pairRun(['qemu-pseries-p9']);
  const flat = run.jobs.flatMap((job) => job.cases);
  const count = (status: string): number => flat.filter((one) => one.status === status).length;
  const [nested, row] = [join(dir, '14'), join(dir, '13')];
  await writeFile(nested, renderTap(run, 'fail'));
  await writeFile(row, renderFlatTap(run, 'fail'));
  const read = kunitReads([nested, row]);
  const jobs = (status: string): number => run.jobs.filter((job) => job.status === status).length;
  const said = (file: string) => [read[file]?.counts.passed, read[file]?.counts.failed];
  assert.deepEqual(said(nested), [count('PASS'), count('FAIL')]);
  assert.deepEqual(said(row), [count('PASS') + jobs('PASS'), count('FAIL') + jobs('FAIL')]);
});
