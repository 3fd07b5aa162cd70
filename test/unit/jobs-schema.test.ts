// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { hintFor, nearest } from '../../src/documents/nearest.js';
import { jobMatrixJsonSchema } from '../../src/jobs/schema.js';
import { sourceFault } from '../../src/jobs/sources.js';
import { matrix } from './jobs-sample.js';

const read = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

test('docs/job-matrix.schema.json is what the schema gives (else run scripts/write-schema.mjs)', () => {
  assert.deepEqual(JSON.parse(read('docs/job-matrix.schema.json')), jobMatrixJsonSchema());
});

test('the schema takes as many vCPUs and seconds as the payload', () => {
  const valid = new Ajv().compile(jobMatrixJsonSchema());
  const takes = (test: string): boolean =>
    valid(parse(matrix({ tests: `[{name: t, quota-us: 30000, ${test}}]` })));
  const payload = read('guest-images/busy-guest/guest.h') + read('guest-images/busy-guest/main.c');
  const most = {
    vcpus: Number(/^#define GUEST_MAX_VCPUS (\d+)$/m.exec(payload)?.[1]),
    seconds: Number(/t->seconds = number\(optarg, name, 1, (\d+)\);/.exec(payload)?.[1]),
  };
  assert.match(payload, /t->guest\.vcpus = number\(optarg, name, 1, GUEST_MAX_VCPUS\);/);
  for (const [key, value] of Object.entries(most)) {
    assert.ok(takes(`${key}: ${value}`), `${key} ${value}`);
    assert.ok(!takes(`${key}: ${value + 1}`), `${key} ${value + 1}`);
  }
});

test('the published schema accepts what ships and refuses a misspelt key', () => {
  const valid = new Ajv().compile(jobMatrixJsonSchema());
  for (const name of ['smoke', 'pre-pull', 'nightly'])
    assert.ok(valid(parse(read(`jobs/${name}.yaml`))), name);
  assert.ok(valid(parse(matrix({}))));
  assert.ok(!valid(parse(matrix({}, 'timeout: {}'))));
  assert.ok(!valid(parse(matrix({ tests: '[{name: t, quota-us: 999}]' }))));
});

test('nearest finds slips and not strangers', () => {
  const statuses = ['PASS', 'FAIL', 'SKIP', 'ERROR', 'MISS'];
  assert.equal(nearest('pass', statuses), 'PASS');
  assert.equal(nearest('FIAL', statuses), 'FAIL');
  assert.equal(nearest('quota', ['name', 'quota-us', 'vcpus']), 'quota-us');
  assert.equal(nearest('OK', statuses), undefined);
  assert.equal(nearest('broken', statuses), undefined);
  assert.equal(nearest('x'.repeat(10_000), statuses), undefined);
  assert.equal(
    hintFor('pseries-p12', ['pseries-p10', 'pseries-p11']),
    'did you mean "pseries-p11"?',
  );
  assert.equal(hintFor('zzz', []), 'there are none');
});

test('kernel sources are told from what is none', () => {
  for (const good of [
    'linux',
    '../a b/linux',
    'linux#v6.18',
    './odd:name',
    '/x.tar.xz',
    'debian:linux-source',
    'debian:linux-image-6.12@trixie-backports',
    'git+https://example.org/l.git#v7',
    'git+ssh://me@host/l#topic/x',
    'git+file:///l#abc',
  ]) {
    assert.equal(sourceFault(good), undefined, good);
  }
  for (const bad of [
    '',
    ' ',
    ' linux',
    '#v1',
    'linux#',
    'linux#-x',
    'linux#a b',
    '~/linux',
    'https://example.org/l.git',
    'debian:',
    'debian:a@',
    'debian:a b',
    'git+https://example.org/l.git',
    'git+ext::sh#x',
    'git+https://example.org/l#--upload-pack=x',
  ]) {
    assert.notEqual(sourceFault(bad), undefined, bad);
  }
});
