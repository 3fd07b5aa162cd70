// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RunResult } from '../../src/model/result.js';
import { renderJunit } from '../../src/reports/junit.js';
import { expectedModes } from '../../src/verdict/expected.js';
import { pairRun } from '../unit/reports-html-run.js';
import { sampleRun } from '../unit/reports-run.js';
import {
  checkoutOf,
  commitOf,
  debianPython,
  junit10,
  runPython,
  versionOf,
  whyWithout,
  whyWithoutPackage,
} from './checkout.js';

const night = pairRun(['qemu-pseries-p9', 'qemu-powernv8']);
const runs: readonly RunResult[] = [night, sampleRun()];

/** The whole of what there is: console text, files of jobs, the times of cases. */
function junitOf(run: RunResult, mode: (typeof expectedModes)[number]): string {
  const caseTimes = { kvm_hv_available: { wallMs: 12 }, busy_guest_obeys_quota: { wallMs: 700 } };
  const jobs = run.jobs.map((job) => ({ ...job, caseTimes }));
  const of = <T>(value: T): Record<string, T> =>
    Object.fromEntries(jobs.map(({ name }) => [name, value]));
  const tails = of('[    1.0] <a> & ]]> \u001b[1m\u0001');
  return renderJunit({ ...run, jobs }, { mode, tails, attachments: of(['r/j/console.log']) });
}

const noSchema =
  whyWithout('XUNIT_PLUGIN') ||
  (spawnSync('xmllint', ['--version']).status === 0 ? false : 'there is no xmllint');

test("Jenkins' junit-10.xsd takes every form", { skip: noSchema }, (t) => {
  t.diagnostic(commitOf('XUNIT_PLUGIN'));
  const schema = join(checkoutOf('XUNIT_PLUGIN') ?? '', junit10);
  const lint = (input: string): string =>
    spawnSync('xmllint', ['--noout', '--schema', schema, '-'], { input, encoding: 'utf8' }).stderr;
  for (const run of runs) {
    for (const mode of expectedModes) {
      const xml = junitOf(run, mode);
      assert.equal(lint(xml), '- validates\n');
      assert.match(lint(xml.replace('<testcase ', '<testcase x="1" ')), /fails to validate/);
    }
  }
});

const summary = `
import sys, json
from junitparser import JUnitXml
xml = JUnitXml.fromstring(sys.stdin.buffer.read())
cases = [case for suite in xml for case in suite]
kinds = [type(result).__name__ for case in cases for result in case.result]
print(json.dumps({
    "tests": len(cases), "kinds": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
    "untimed": sum(case.time is None for case in cases),
    "whole": round(xml.time - sum(suite.time for suite in xml), 3),
    "messages": sorted({result.message for case in cases for result in case.result
                        if type(result).__name__ == "Skipped"})}))
`;

test(
  'junitparser counts a good night as it is',
  { skip: whyWithoutPackage('python3-junitparser') },
  (t) => {
    t.diagnostic(`python3-junitparser ${versionOf('python3-junitparser')}`);
    const cases = night.jobs.flatMap((job) => job.cases);
    const failing = cases.filter(({ status }) => status === 'FAIL').length;
    const read = (mode: (typeof expectedModes)[number]): unknown => {
      const said = runPython(['-c', summary], {
        python: debianPython,
        input: junitOf(night, mode),
      });
      return JSON.parse(said.stdout || JSON.stringify(said.stderr));
    };
    const common = { tests: cases.length, untimed: 0, whole: 0 };
    const { messages, ...todo } = read('todo') as { messages: readonly string[] };
    assert.deepEqual(todo, { ...common, kinds: { Skipped: failing } });
    assert.ok(messages.every((message) => message.startsWith('expected FAIL: ')));
    assert.deepEqual(read('pass'), { ...common, kinds: {}, messages: [] });
    assert.deepEqual(read('fail'), { ...common, kinds: { Failure: failing }, messages: [] });
  },
);

/**
 * How the text of a case's output becomes files: GetTestDataMethodObject.java of jenkinsci/junit-attachments-plugin
 * 5fa924b, each line; lib/gitlab/ci/parsers/test/junit.rb of gitlabhq/gitlabhq 028d8ac, the first of a failed case.
 */
const attachmentRules = {
  jenkins: (text: string) =>
    [...text.matchAll(/\[\[ATTACHMENT\|.+\]\]/g)].map(
      ([match]) => match.slice('[[ATTACHMENT|'.length, -2).split('|')[0],
    ),
  gitlab: (text: string) => [/\[\[ATTACHMENT\|(?<path>.+?)\]\]/.exec(text)?.groups?.['path']],
};

test('Jenkins and GitLab find the files of a case, by the rules that were read there', () => {
  const [, out = ''] = /<system-out>(.*?)<\/system-out>/s.exec(junitOf(night, 'fail')) ?? [];
  for (const filesIn of Object.values(attachmentRules))
    assert.deepEqual(filesIn(out), ['r/j/console.log']);
});
