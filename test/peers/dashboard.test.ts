// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { RunResult } from '../../src/model/result.js';
import { kcidbReport } from '../../src/reports/kcidb.js';
import { pairRun } from '../unit/reports-html-run.js';
import { checkoutOf, commitOf, runPython, whyWithout, whyWithoutModules } from './checkout.js';
import { noPostgres, withPostgres } from './postgres.js';

const skip =
  whyWithout('DASHBOARD', 'KCIDB_IO') ||
  noPostgres ||
  whyWithoutModules('django', 'psycopg', 'prometheus_client', 'jsonschema', 'pydantic', 'yaml');

/** A script of this folder: not compiled, so beside the source. */
const script = fileURLToPath(new URL('../../../test/peers/dashboard.py', import.meta.url));
const devices = ['p8', 'p9', 'p10', 'p11', 'nv8', 'nv9', 'nv10', 'nv11'].map(
  (name) => `qemu-${name}`,
);
const url = 'https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git';

/** A night of mainline: an unpatched and a patched kernel on eight machines of one compatible. */
function night(date: string, commit: string): RunResult {
  const run = pairRun(devices);
  const jobs = run.jobs.map((job) => ({
    ...job,
    payloadFacts: { compatible: 'IBM,pSeries' },
    facts: {
      ...job.facts,
      git_commit: commit.repeat(40),
      git_repository_url: url,
      git_branch: 'master',
      git_describe: `v7.2-g${commit.repeat(12)}`,
      kernel_source: `linux master ${commit.repeat(40)}`,
      patchset_hash: job.kernel === 'patched' ? 'ab'.repeat(32) : '',
    },
  }));
  return { ...run, run: `${date}-nightly`, startedAt: `${date}T01:00:00.000Z`, jobs };
}

interface Tables {
  readonly refused: object;
  readonly trees: readonly Readonly<Record<string, string | number>>[];
  readonly hardware: readonly { readonly platform: string }[];
  readonly uncategorized: readonly { readonly fails: number }[];
  readonly issues: readonly { readonly issue_id: string; readonly fails: number }[];
}

/** What is in the dashboard's tables after its ingester and its aggregation have seen these runs. */
function tablesOf(runs: readonly RunResult[]): Tables {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-dashboard-'));
  let said = { status: null as number | null, stdout: '', stderr: '' };
  try {
    const files = runs.map((run) => {
      const file = join(dir, `${run.run}.json`);
      writeFileSync(file, JSON.stringify(kcidbReport(run, {})));
      return file;
    });
    const backend = join(checkoutOf('DASHBOARD') ?? '', 'backend');
    withPostgres((env) => {
      said = runPython([script, backend, checkoutOf('KCIDB_IO') ?? '', ...files], { env });
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  assert.equal(said.status, 0, said.stderr);
  return JSON.parse(said.stdout.trim().split('\n').at(-1) ?? '') as Tables;
}

test("two nights of a branch are one tree's history in KernelCI's dashboard", { skip }, (t) => {
  t.diagnostic(`${commitOf('DASHBOARD')}, ${commitOf('KCIDB_IO')}`);
  const tables = tablesOf([night('2026-11-21', '1'), night('2026-11-22', '2')]);
  assert.deepEqual(tables.refused, {});
  assert.deepEqual(
    tables.trees.map((row) => [row['tree_name'], row['branch'], row['name'], row['test_inc']]),
    [
      ['mainline', 'master', `v7.2-g${'1'.repeat(12)}`, 0],
      ['mainline', 'master', `v7.2-g${'2'.repeat(12)}`, 0],
      ['mainline', 'master+patched', `v7.2-g${'1'.repeat(12)}`, 0],
      ['mainline', 'master+patched', `v7.2-g${'2'.repeat(12)}`, 0],
    ],
  );
  for (const row of tables.trees) {
    assert.equal(row['url'], url);
    assert.equal(Number(row['test_failed']) > 0, row['branch'] === 'master');
    assert.deepEqual([row['build_pass'], row['build_failed'], row['build_inc']], [1, 0, 0]);
  }
  assert.deepEqual(
    tables.hardware.map(({ platform }) => platform),
    [...devices].sort(),
  );
  // Every FAIL was expected, and has its issue.
  assert.deepEqual(tables.uncategorized, [{ fails: 0 }]);
  const failed = tables.trees.reduce((sum, row) => sum + Number(row['test_failed']), 0);
  assert.deepEqual(
    tables.issues.map(({ fails }) => fails),
    [failed],
  );
});
