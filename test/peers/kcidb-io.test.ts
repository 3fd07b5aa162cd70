// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kcidbReport } from '../../src/reports/kcidb.js';
import { pairRun } from '../unit/reports-html-run.js';
import { sampleRun } from '../unit/reports-run.js';
import { checkoutOf, commitOf, runPython, whyWithout, whyWithoutModules } from './checkout.js';

const skip = whyWithout('KCIDB_IO') || whyWithoutModules('jsonschema');

/** What KernelCI's own receiver does first. */
const validate =
  'import json, sys, kcidb_io; kcidb_io.schema.V5_3.validate(json.load(sys.stdin)); print("valid")';

test('kcidb-io takes reports as they are, and refuses a broken one', { skip }, (t) => {
  t.diagnostic(commitOf('KCIDB_IO'));
  const said = (value: unknown) =>
    runPython(['-c', validate], {
      path: [checkoutOf('KCIDB_IO') ?? ''],
      input: JSON.stringify(value),
    });
  for (const run of [sampleRun(), pairRun(['qemu-pseries-p9', 'qemu-powernv8'])]) {
    const report = kcidbReport(run, {});
    const { stdout, stderr } = said(report);
    assert.equal(stdout, 'valid\n', stderr);
    assert.match(said({ ...report, builds: [{ id: 'x' }] }).stderr, /ValidationError/);
  }
});
