// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { KcidbReport } from '../../src/reports/kcidb-types.js';

const schemaFile = new URL(
  '../../../test/fixtures/schemas/kcidb-v5.3.schema.json',
  import.meta.url,
);
const ajv = new Ajv({ allErrors: true, strict: false });
addFormats.default(ajv);
/** Whether data is as KCIDB's schema v5.3 wants it; `mistakes` says why not. */
export const isValid = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')) as object);

/** What is wrong with what `isValid` has just refused. */
export const mistakes = (): string => ajv.errorsText(isValid.errors);

/** Throws where the schema does not take it. */
export function assertValid(report: unknown): void {
  // As it goes over the wire.
  assert.ok(isValid(JSON.parse(JSON.stringify(report))), mistakes());
}

/** Every reference leads to an object of the same submission, and no id is there twice. */
export function assertLinked({ checkouts, builds, tests, issues, incidents }: KcidbReport): void {
  const lists = [checkouts, builds, tests, issues, incidents];
  for (const list of lists) assert.equal(new Set(list.map(({ id }) => id)).size, list.length);
  const has = (list: readonly { id: string }[], id: string): boolean =>
    list.some((one) => one.id === id);
  assert.ok(builds.every((one) => has(checkouts, one.checkout_id)));
  assert.ok(tests.every((one) => has(builds, one.build_id)));
  assert.ok(incidents.every((one) => has(tests, one.test_id) && has(issues, one.issue_id)));
}
