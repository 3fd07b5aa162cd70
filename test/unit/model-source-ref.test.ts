// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceRef } from '../../src/model/source-ref.js';

test('the name of a source is read in one place: package, URL, or path, which ends before the first "#"', () => {
  assert.deepEqual(sourceRef('debian:linux-source@trixie'), {
    ...{ kind: 'debian', package: 'linux-source', suite: 'trixie' },
  });
  assert.deepEqual(sourceRef('debian:linux-source'), {
    ...{ kind: 'debian', package: 'linux-source', suite: undefined },
  });
  assert.deepEqual(sourceRef('git+https://a.example/linux#v7.2'), {
    ...{ kind: 'url', url: 'https://a.example/linux', ref: 'v7.2' },
  });
  assert.deepEqual(sourceRef('../linux#a#b'), { kind: 'path', path: '../linux', ref: 'a#b' });
  assert.deepEqual(sourceRef('../linux'), { kind: 'path', path: '../linux', ref: undefined });
  assert.deepEqual(sourceRef('linux#'), { kind: 'path', path: 'linux', ref: '' });
});
