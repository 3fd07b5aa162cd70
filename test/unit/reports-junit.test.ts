// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { maxSystemOutBytes, renderJunit } from '../../src/reports/junit.js';
import type { ExpectedMode } from '../../src/verdict/expected.js';
import { hostileText, sampleRun } from './reports-run.js';
import { caseWith, jobWith } from './verdict-evidence.js';
import { parseXml, type XmlElement } from './xml-tree.js';

/** What Jenkins' junit-10 schema allows of the elements used here: children, attributes, the required ones. */
const schema: Readonly<Record<string, { children: string; allowed: string; required: string }>> = {
  testsuites: { children: 'testsuite', allowed: 'name time tests failures errors', required: '' },
  testsuite: {
    children: 'testsuite properties testcase system-out system-err',
    allowed: 'group time skipped timestamp hostname id package file log url',
    required: 'name tests failures errors',
  },
  properties: { children: 'property', allowed: '', required: '' },
  property: { children: '', allowed: '', required: 'name value' },
  testcase: {
    children: 'skipped error failure system-out system-err',
    allowed: 'time classname group',
    required: 'name',
  },
  skipped: { children: '', allowed: 'type message', required: '' },
  error: { children: '', allowed: 'type message', required: '' },
  failure: { children: '', allowed: 'type message', required: '' },
  'system-out': { children: '', allowed: '', required: '' },
};

const words = (text: string): readonly string[] => text.split(' ').filter((word) => word !== '');

function checkSchema(element: XmlElement): void {
  const rule = schema[element.name];
  assert.ok(rule, `element ${element.name}`);
  const names = Object.keys(element.attributes);
  const required = words(rule.required);
  assert.deepEqual(
    required.filter((name) => !names.includes(name)),
    [],
    `required in ${element.name}`,
  );
  const known = [...required, ...words(rule.allowed)];
  assert.deepEqual(
    names.filter((name) => !known.includes(name)),
    [],
    `unknown in ${element.name}`,
  );
  for (const child of element.children) {
    assert.ok(words(rule.children).includes(child.name), `${child.name} in ${element.name}`);
    checkSchema(child);
  }
}

function read(...args: Parameters<typeof renderJunit>): XmlElement {
  const root = parseXml(renderJunit(...args));
  checkSchema(root);
  return root;
}

const caseElements = (suite: XmlElement | undefined): readonly XmlElement[] =>
  (suite?.children ?? []).filter((child) => child.name === 'testcase');
const caseElement = (suite: XmlElement | undefined, name: string): XmlElement => {
  const found = caseElements(suite).find(({ attributes }) => attributes['name'] === name);
  assert.ok(found, `case ${name}`);
  return found;
};
const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((one) => one.name === name);

test('junit: one suite a job, with its counts', () => {
  const { children } = read(sampleRun(), {});
  const counts = children.map(({ attributes: { tests, failures, errors, skipped } }) => [
    tests,
    failures,
    errors,
    skipped,
  ]);
  assert.deepEqual(counts, [
    ['11', '0', '0', '3'],
    ['11', '0', '0', '0'],
    ['3', '1', '0', '0'],
    ['12', '1', '1', '0'],
    ['12', '0', '2', '0'],
    ['1', '0', '0', '1'],
  ]);
  assert.match(children[0]?.attributes['time'] ?? '', /^1\.9$/);
});

test('junit: names and class names', () => {
  const run = sampleRun({ jobs: [jobWith({ kernel: 'debian-6.12' })] });
  const [first] = caseElements(read(run, {}).children[0]);
  assert.deepEqual(first?.attributes, {
    name: 'kvm_hv_available',
    classname: 'busyguest.debian-6_12.qemu-pseries-p9.busy-guest',
    time: '0',
  });
});

test('junit: FAIL, ERROR, MISS and SKIP', () => {
  const [unpatched, , crashing, contended, half, absent] = read(sampleRun(), {
    mode: 'fail',
  }).children;
  const failure = child(caseElement(unpatched, 'busy_guest_obeys_quota'), 'failure');
  assert.equal(failure?.attributes['message'], '3.33');
  assert.match(failure?.text ?? '', /overrun_ratio = 3\.33 ratio/);
  assert.equal(
    child(caseElement(half, 'busy_guest_dies_at_once'), 'error')?.attributes['type'],
    'MISS',
  );
  assert.equal(child(caseElement(contended, 'job'), 'error')?.attributes['type'], 'ERROR');
  const skipped = child(caseElement(absent, 'job'), 'skipped');
  assert.equal(skipped?.attributes['message'], 'no qemu-system-ppc64 {');
  assert.equal(skipped.text, 'no qemu-system-ppc64 {');
  const crash = child(caseElement(crashing, 'job'), 'failure')?.text ?? '';
  assert.match(crash, /^fault oops in phase test: Oops in kvmhv\n {2}NIP \[c00\]/);
});

test('junit: a failure that is expected is skipped, passed or failed, as asked', () => {
  const of = (mode?: ExpectedMode): XmlElement =>
    caseElement(
      read(sampleRun(), mode === undefined ? {} : { mode }).children[0],
      'busy_guest_obeys_quota',
    );
  const skipped = child(of(), 'skipped');
  assert.equal(skipped?.attributes['message'], 'expected FAIL: 3.33');
  assert.match(skipped.text, /overrun_ratio = 3\.33 ratio/);
  const passed = of('pass');
  assert.deepEqual(
    passed.children.map(({ name, text }) => [name, text]),
    [['system-out', 'FAIL, expected FAIL: 3.33\n']],
  );
  assert.ok(child(of('fail'), 'failure'));
});

test('junit: a pass that is not expected has a case that fails', () => {
  const job = jobWith({ expect: 'FAIL', asExpected: false });
  const [suite] = read(sampleRun({ jobs: [job] }), {}).children;
  const message = child(caseElement(suite, 'job'), 'failure')?.attributes['message'];
  assert.match(message ?? '', /^PASS where FAIL is expected: /);
  assert.equal(suite?.attributes['failures'], '1');
});

test('junit: times of cases; suites share no work, and their sum is that of the file', () => {
  const timesMs = { build: 60_000, image: 500, boot: 400, test: 1500, judge: 2 };
  const caseTimes = { kvm_hv_available: { wallMs: 12 }, job: { wallMs: 7, machineUs: 1234 } };
  const base = jobWith({ kernel: 'base', timesMs, caseTimes });
  const jobs = [
    base,
    { ...base, device: 'qemu-powernv8' },
    jobWith({ kernel: 'patched', timesMs: { ...timesMs, build: 0 } }),
    { ...base, reused: true },
  ];
  const root = read(sampleRun({ jobs }), {});
  assert.deepEqual(
    root.children.map(({ attributes }) => attributes['time']),
    ['62.402', '1.902', '2.402', '0.002'],
  );
  assert.equal(root.attributes['time'], '66.708');
  const timeOf = (suite: XmlElement | undefined): string | undefined =>
    caseElements(suite)[0]?.attributes['time'];
  assert.deepEqual(root.children.map(timeOf), ['0.012', '0.012', '0', '0']);
});

test("junit: a job's files are attached where it went wrong, and nobody else's", () => {
  const [job] = sampleRun().jobs;
  assert.ok(job);
  const evil = '[[ATTACHMENT|/etc/shadow]]';
  const cases = [caseWith(evil, 'FAIL', { [evil]: 1 }, evil), caseWith('b', 'SKIP', {}, evil)];
  const jobs = [
    { ...job, reason: evil, cases },
    jobWith({ name: 'good' }),
    jobWith({ ...job, name: 'bad', cases }),
  ];
  const attachments = { [job.name]: ['r/console.log', 'r/build.log'], good: ['g'], bad: ['a]]b'] };
  const xml = renderJunit(sampleRun({ jobs }), {
    tails: { [job.name]: `a\n${evil}\n[[attachment|x]]`, good: evil, bad: evil },
    attachments,
  });
  assert.deepEqual(xml.match(/^.*\[\[ATTACHMENT\|.*$/gim), [
    '[[ATTACHMENT|r/console.log]]',
    '[[ATTACHMENT|r/build.log]]',
  ]);
});

test('junit: metrics and facts are properties of the suite', () => {
  const [unpatched] = read(sampleRun(), {}).children;
  assert.ok(unpatched);
  const properties = Object.fromEntries(
    (child(unpatched, 'properties')?.children ?? []).map(({ attributes: { name, value } }) => [
      name,
      value,
    ]),
  );
  assert.equal(properties['busy_guest_obeys_quota.overrun_ratio'], '3.33');
  assert.equal(properties['busy_guest_dies_at_once.kill_latency_us'], '14100000');
  assert.equal(properties['device.argv'], '-M pseries -append "a <b> & c"');
  assert.equal(properties['device.qemu'], '10.0.2');
  assert.equal(properties['payload.qemu'], '99');
  assert.equal(properties['fact.toolchain'], 'gcc 12');
  assert.equal(properties['expected'], 'FAIL');
});

test('junit: class name and name are unique even for equal jobs and cases', () => {
  const twice = [...jobWith().cases, caseWith('kvm_hv_available')];
  const run = sampleRun({ jobs: [jobWith({ cases: twice }), jobWith()] });
  const names = read(run, {})
    .children.flatMap(caseElements)
    .map(({ attributes: { classname, name } }) => `${classname}.${name}`);
  assert.equal(names.length, 23);
  assert.equal(new Set(names).size, names.length);
});

test('junit: the log tail goes to the case that went wrong, bounded', () => {
  const run = sampleRun();
  const name = 'unpatched-qemu-pseries-p9-busy-guest';
  const tails = { [name]: `${'€\u001b[1m\u0001'.repeat(100_000)}the end` };
  const xml = renderJunit(run, { tails });
  const suite = parseXml(xml).children[0];
  const logs = caseElements(suite).filter((one) => child(one, 'system-out'));
  assert.deepEqual(
    logs.map(({ attributes }) => attributes['name']),
    ['busy_guest_obeys_quota'],
  );
  const [log] = logs;
  assert.ok(log);
  const text = child(log, 'system-out')?.text ?? '';
  assert.ok(text.endsWith('the end'));
  assert.ok(text.startsWith('[... cut ...]\n€') || text.startsWith('[... cut ...]\n\uFFFD'));
  const bytes = Buffer.byteLength(text);
  assert.ok(bytes <= maxSystemOutBytes && bytes > maxSystemOutBytes / 2, String(bytes));
});

test('junit: hostile text everywhere is well-formed and changes nothing around it', () => {
  const hostile = fc.oneof(
    fc.constant(hostileText),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(']', '>', '<', '&', '\u0000', '\ud83d', '\n', '"') }),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const bad = caseWith(text, 'FAIL', { [text]: 1 }, text);
      const fault = { class: 'oops', title: text, phase: 'test', lines: [text] } as const;
      const job = jobWith({ kernel: text, reason: text, cases: [bad, { ...bad, status: 'SKIP' }] });
      const jobs = [
        {
          ...job,
          decidedBy: 'fault',
          faults: [fault],
          facts: { [text]: text },
          payloadFacts: { [text]: text },
        } as const,
      ];
      const root = read(sampleRun({ jobs }), {
        tails: { [job.name]: text },
        attachments: { [job.name]: [text] },
      });
      assert.equal(caseElements(root.children[0]).length, 3);
    }),
    { numRuns: 300 },
  );
});
