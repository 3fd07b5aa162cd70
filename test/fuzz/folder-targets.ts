// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBisectRecord } from '../../src/cli/bisection.js';
import { narrow } from '../../src/cli/matrix.js';
import { compareRuns } from '../../src/history/compare.js';
import { readJobFile, readRunFile } from '../../src/history/run-file.js';
import { summarizeRun } from '../../src/history/summary.js';
import { JobError } from '../../src/model/errors.js';
import type { RunResult } from '../../src/model/result.js';
import { readBootFile, readJobRecord } from '../../src/pipeline/job-records.js';
import { readRecord, readSketch } from '../../src/pipeline/run-record.js';
import { readComparison } from '../../src/reports/comparison-file.js';
import { renderComparison } from '../../src/reports/comparison-text.js';
import { changesSection } from '../../src/reports/html/changes-section.js';
import { renderRunPage } from '../../src/reports/html/run-page.js';
import { renderJunit } from '../../src/reports/junit.js';
import { kcidbReport } from '../../src/reports/kcidb.js';
import { renderMail } from '../../src/reports/mail.js';
import { renderMarkdown } from '../../src/reports/markdown.js';
import { renderFlatTap, renderTap } from '../../src/reports/tap.js';
import { renderHeadline, renderTable } from '../../src/reports/terminal.js';
import { terminalText } from '../../src/reports/text.js';
import { exitCodeOf } from '../../src/verdict/exit.js';
import { sampleRun } from '../unit/reports-run.js';
import { mutatedJson } from './mutate-json.js';
import { either, mutated, type Inputs } from './mutate.js';
import { crashesOf, type Target } from './target.js';

// The files of a run's folder, as anybody may have made them.

const place = mkdtempSync(join(tmpdir(), 'busyguest-fuzz-folder-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true }));

const tokens = [
  ...['{', '}', '[', ']', ':', ',', '"', '\\', '\\u0000', '\\ud800', 'null', 'true', '1e999', '-'],
  ...['"__proto__":', '"constructor":', '"file":', '[[[[[[[[', '\ufeff', '\n', '0x1', '//'],
];

/** Values with other ones in their places, and bytes that may be no JSON. */
function filesLike(name: string, values: readonly unknown[]): Inputs {
  const corpus = [...values.map((one) => Buffer.from(JSON.stringify(one))), ...crashesOf(name)];
  return either(
    mutatedJson(values),
    mutated({ corpus, tokens, maxEdits: 4, maxBytes: 20_000, splice: true }),
  );
}

/** What a reader gives of a file with these bytes; undefined where it refuses them by the error for that. */
async function read<T>(
  name: string,
  input: Buffer,
  reader: (path: string) => Promise<T>,
): Promise<T | undefined> {
  const path = join(place, name);
  writeFileSync(path, input);
  try {
    return await reader(path);
  } catch (error) {
    if (error instanceof JobError) return undefined;
    throw error;
  } finally {
    assert.deepEqual(Object.keys(Object.prototype), []);
  }
}

const matrix =
  'name: n\nkernels: [{name: k, source: t}]\ndevices: [qemu-powernv9, {name: d, machine: powernv9}]\ntests: [{name: t, quota-us: 30000}]\n';
const runRecords = [
  { file: '/a/m.yaml', text: matrix, startedAt: 'x', jobs: ['k-qemu-powernv9-t'], tree: '/t' },
  {
    file: 'x.job.ts',
    text: JSON.stringify({ name: 'n' }),
    startedAt: '',
    jobs: [],
    filter: 'device=d',
  },
  { file: 'm', text: matrix, startedAt: '', jobs: [], lava: { lava: 'https://x', runId: 'r' } },
];

/** run.json as --resume takes it: no argument of QEMU, no name that leads elsewhere. */
const runTarget: Target = {
  name: 'run-json',
  shortRuns: 200,
  inputs: filesLike('run-json', runRecords),
  async check(input) {
    await read('run.json', input, readSketch);
    const record = await read('run.json', input, readRecord);
    if (record === undefined) return;
    for (const name of record.jobs) assert.match(name, /^(?!\.\.?$)[^/\\\0]+$/);
    try {
      const { jobs } = narrow(record.text, record.file, {}, 'anybody');
      for (const { name, deviceSpec } of jobs) {
        assert.match(name, /^[a-z0-9][\w.-]*$/i);
        assert.deepEqual(deviceSpec?.extraArgs ?? [], []);
      }
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
    }
  },
};

const sha256 = 'a'.repeat(64);
const bootRecords = [
  {
    kernel: '/k',
    initramfs: '/i',
    commandLine: ['panic=-1'],
    payloadArgs: ['--seconds=3'],
    cpus: 1,
    sha256: { kernel: sha256, initramfs: sha256 },
  },
];
const spec = {
  name: 'd',
  machine: 'pseries,cap-nested-hv=on,x-vof=on',
  cpu: 'POWER9',
  memoryMb: 1024,
  smp: 1,
  accel: 'tcg',
  icount: true,
  devices: ['virtio-rng-pci,period=1'],
  extraArgs: [],
  console: 'hvc0',
};
const jobRecords = [
  {
    timeouts: { buildMs: 1, bootMs: 1000, testMs: 1000 },
    test: { name: 't', parameters: { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 3 } },
    knownFaults: [{ title: '(a+)+$', reason: 'r' }],
    deviceSpec: spec,
  },
];

/** boot.json and job.json, from which reproduce.sh is made: words are words, and machines those of the table. */
const bootTarget: Target = {
  name: 'boot-json',
  shortRuns: 400,
  inputs: filesLike('boot-json', [...bootRecords, ...jobRecords]),
  async check(input) {
    const boot = await read('boot.json', input, readBootFile);
    for (const word of [...(boot?.commandLine ?? []), ...(boot?.payloadArgs ?? [])])
      assert.match(word, /^[!-~]+$/);
    const job = await read('job.json', input, readJobRecord);
    if (!job?.deviceSpec) return;
    assert.deepEqual(job.deviceSpec.extraArgs, []);
    for (const word of [job.deviceSpec.machine, ...job.deviceSpec.devices])
      assert.match(word, /^[\w.,=:-]+$/);
  },
};

const sample = sampleRun();

/** What people and machines are shown of a run of anybody: no report fails, and none has a control character. */
function show(run: RunResult): void {
  const tails = Object.fromEntries(run.jobs.map(({ name }) => [name, '\u001b[2J\r\nx']));
  const facts = {
    ...{ base: run.run, patches: [], where: run.matrix, command: 'busyguest check' },
    ...{ config: [run.matrix], version: '1' },
  };
  const mail = renderMail(run, facts);
  const texts = [
    renderTap(run),
    renderFlatTap(run),
    renderJunit(run, { tails }),
    renderMarkdown(run),
    mail,
    renderTable(run, { color: false, width: 80 }),
    renderHeadline(run, { color: false }),
    renderRunPage(run, { jobs: new Map() }),
  ];
  for (const [index, text] of texts.entries())
    assert.doesNotMatch(
      text,
      /[\0-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/,
      `report ${index}`,
    );
  assert.doesNotMatch(texts.at(-1) ?? '', /<script>x/);
  assert.doesNotMatch(mail, /[^\n -~]/);
  assert.doesNotThrow(() => JSON.stringify(kcidbReport(run, {})));
  summarizeRun(run, 'x');
  compareRuns(sample, run, [summarizeRun(sample, 'x')]);
  assert.ok([0, 1, 4, 69, 130].includes(exitCodeOf(run)));
}

/** results.json and status.json. */
const resultsTarget: Target = {
  name: 'status-json',
  shortRuns: 120,
  inputs: filesLike('status-json', [
    sample,
    { ...sample, jobs: sample.jobs.slice(0, 1) },
    ...sample.jobs.slice(0, 3),
  ]),
  async check(input) {
    const job = await read('status.json', input, readJobFile);
    const run = await read('results.json', input, readRunFile);
    if (job) show({ ...sample, jobs: [job] });
    if (run) show(run);
  },
};

const none = { newFailures: [], fixed: [], stillFailing: [], otherStatus: [], flaky: [] };
const change = { job: 'j', before: 'PASS', after: 'FAIL', reason: 'r' };
const comparisons = [
  {
    ...{ a: 'a', b: 'b', headline: 'h', bisect: "busyguest bisect --tree 'x y'", ...none },
    ...{ newFailures: [change], newJobs: ['n'], vanishedJobs: [] },
    kernels: [{ kernel: 'k', before: '1', after: '2' }],
    metrics: [
      {
        ...{ job: 'j', metric: 'c.m', unit: 'us', before: 1, after: 2, rule: 'spread' },
        past: { count: 3, min: 1, max: 2 },
      },
    ],
    flaky: [
      { job: 'j', device: 'd', test: 't', inputsKey: 'k', passed: 1, failed: 1, runs: ['r'] },
    ],
  },
];
const commit = { id: 'a'.repeat(40), subject: 's' };
const bisections = [
  { device: 'd', startedAt: '', tree: '/t', good: commit, bad: commit },
  { device: 'd', startedAt: '', packages: ['a', 'b'] },
];

/** comparison.json and bisect.json: what is pasted is a command of ours, what git is told is an id. */
const recordsTarget: Target = {
  name: 'comparison-json',
  shortRuns: 300,
  inputs: filesLike('comparison-json', [...comparisons, ...bisections]),
  async check(input) {
    const found = await read('comparison.json', input, () => readComparison(place));
    if (found) {
      assert.match(found.bisect ?? 'busyguest bisect', /^busyguest bisect( |$)/);
      terminalText(renderComparison(found, 80));
      changesSection(found);
    }
    const record = await read('bisect.json', input, readBisectRecord);
    if (record && 'good' in record) assert.match(record.good.id, /^[0-9a-f]+$/);
  },
};

/** Every file of a run's folder. */
export const folderTargets: readonly Target[] = [
  runTarget,
  bootTarget,
  resultsTarget,
  recordsTarget,
];
