// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectDir } from '../../src/system/files.js';
import { checkoutOf, commitOf, runPython, whyWithout } from './checkout.js';

const cSources = join(projectDir, 'guest-images', 'busy-guest');

/** A program that prints results as the payload does, with the payload's own code. */
const program = `
#include "ktap.h"
int main(void)
{
  ktap_start(3);
  ktap_metric("usage", 5, "us");
  ktap_result("busy_guest_obeys_quota", true);
  ktap_reason("3.3 x the quota");
  ktap_result("busy_guest_dies_at_once", false);
  ktap_skip("two_vcpus_obey_quota", "one CPU");
  return ktap_exit_code();
}
`;

const read = `
import json, sys
from results import parse_nested_tests
print(json.dumps(parse_nested_tests(sys.stdin.read(), lambda name: name)))
`;

test(
  "netdev's CI finds the payload's cases below its test",
  { skip: whyWithout('NIPA') },
  async (t) => {
    t.diagnostic(commitOf('NIPA'));
    const dir = await mkdtemp(join(tmpdir(), 'busyguest-peers-'));
    t.after(() => rm(dir, { recursive: true }));
    await writeFile(join(dir, 'main.c'), program);
    const binary = join(dir, 'test');
    const files = ['ktap.c', 'clock.c'].map((name) => join(cSources, name));
    execFileSync('gcc', ['-I', cSources, '-o', binary, join(dir, 'main.c'), ...files]);
    const log = execFileSync('sh', ['-c', `${binary} | sed 's/^/# /'`], { encoding: 'utf8' });
    const path = [join(checkoutOf('NIPA') ?? '', 'contest', 'remote', 'lib')];
    const nested = (input: string): unknown => {
      const { stdout, stderr } = runPython(['-c', read], { path, input });
      assert.equal(stderr, '');
      return JSON.parse(stdout);
    };
    assert.deepEqual(nested(`TAP version 13\n1..1\n${log}not ok 1 selftests: c: t\n`), [
      { test: 'busy_guest_obeys_quota', result: 'pass' },
      { test: 'busy_guest_dies_at_once', result: 'fail' },
      { test: 'two_vcpus_obey_quota', result: 'skip' },
    ]);
  },
);
