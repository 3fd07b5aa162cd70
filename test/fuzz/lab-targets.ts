// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readDescription } from '../../src/devices/described/load.js';
import { diffText } from '../../src/kernels/diff-text.js';
import { consoleOf, errorOf, readLog, rowsOf } from '../../src/labs/lava/log.js';
import { Rest } from '../../src/labs/lava/rest.js';
import { LavaServer } from '../../src/labs/lava/server.js';
import { InfraError, JobError } from '../../src/model/errors.js';
import { mutatedJson } from './mutate-json.js';
import { either, mutated } from './mutate.js';
import { crashesOf, filesOf, type Target } from './target.js';

const row = { name: 'x', result: 'pass', measurement: '1.0', unit: 'us', metadata: '' };
const job = {
  ...{ id: 1, description: 'd', state: 'Finished', health: 'Complete', actual_device: 'q' },
};
const device = {
  ...{ hostname: 'q', device_type: 'qemu', health: 'Good', state: 'Idle', worker_host: 'w' },
  tags: ['t'],
};
const next = 'http://lava.example/api/v0.2/jobs/?offset=1';
const answers = [
  { count: 1, next: null, results: [device] },
  { count: 1, next, results: [job] },
  {
    next: null,
    results: [row, { ...row, name: 'job', metadata: '{error_type: Job, error_msg: "m"}' }],
  },
  { job_ids: [1] },
  { message: 'Job valid.' },
  device,
  { state: 'Online' },
];
const log = Buffer.from(
  [
    '- {"dt": "1", "lvl": "target", "msg": "ok 1 a"}',
    '- {"dt": "2", "lvl": "results", "msg": {"case": "x", "definition": "0_b", "result": "pass", "measurement": ! "1.0"}}',
    '- {"dt": "3", "lvl": "results", "msg": {"case": "job", "definition": "lava", "error_msg": "m", "error_type": "Job"}}',
    '- {"dt": "4", "lvl": "target", "msg": "\\x1b[0m\\r"}',
    '- &a [*a, *a]',
    '- !!js/function x',
    '',
  ].join('\n'),
);
const tokens = [
  ...[
    '- ',
    '{',
    '}',
    '"lvl": "target"',
    '"msg": ',
    '"',
    '\\',
    '\\x1b',
    '! "1.0"',
    '&a ',
    '*a',
    '<<: ',
  ],
  ...[
    '!!binary ',
    '!!set ',
    'null',
    '1e999',
    '[[[[[[[[',
    '\n',
    '__proto__: ',
    '? ',
    '|',
    '%YAML 1.1\n',
  ],
];

/** The answers of one server, whatever is asked: a page that names a next one comes once. */
async function asked(text: string): Promise<void> {
  let count = 0;
  const real = globalThis.fetch;
  // Nothing listens: thousands of inputs a second go through no socket.
  globalThis.fetch = (url) => {
    const { host } = new URL(url instanceof Request ? url.url : url);
    assert.equal(host, 'lava.example', 'the token goes to no other host');
    return Promise.resolve(new Response(count++ % 4 === 3 ? '{"results": []}' : text));
  };
  try {
    const { signal } = new AbortController();
    const identity = { url: 'http://lava.example', token: 't' };
    const server = new LavaServer(new Rest(identity, { signal, perSecond: 1e9, patienceMs: 0 }));
    const asks: readonly (() => Promise<unknown>)[] = [
      () => server.devices(),
      () => server.devicesWithTag('t'),
      () => server.jobs([1]),
      () => server.ending(1),
      () => server.submit('n', 'd'),
      () => server.validate('d'),
      () => server.workerOf('q'),
      () => server.log(1, 0),
    ];
    for (const ask of asks) {
      try {
        await ask();
      } catch (error) {
        if (!(error instanceof InfraError)) throw error;
      }
    }
  } finally {
    globalThis.fetch = real;
  }
}

/** Whatever a LAVA server answers: values of the right types, or its error. */
const answerTarget: Target = {
  name: 'lava-answer',
  shortRuns: 100,
  inputs: either(
    mutatedJson(answers),
    mutated({
      corpus: [
        ...answers.map((one) => Buffer.from(JSON.stringify(one))),
        ...crashesOf('lava-answer'),
      ],
      ...{ tokens, maxEdits: 4, maxBytes: 4000, splice: true },
    }),
  ),
  async check(input) {
    await asked(input.toString('utf8'));
    assert.deepEqual(Object.keys(Object.prototype), []);
  },
};

/** Any text as a job's log. */
const logTarget: Target = {
  name: 'lava-log',
  shortRuns: 300,
  inputs: mutated({
    corpus: [log, ...crashesOf('lava-log')],
    ...{ tokens, maxEdits: 5, maxBytes: 4000, splice: true },
  }),
  check(input) {
    const text = input.toString('utf8');
    const lines = readLog(text);
    assert.equal(lines.length, text.split('\n').filter((line) => line.startsWith('- ')).length);
    assert.equal(typeof consoleOf(lines), 'string');
    for (const { name, result, unit } of rowsOf(lines)) {
      for (const one of [name, result, unit ?? '']) assert.equal(typeof one, 'string');
    }
    assert.ok((errorOf(lines) ?? '').length <= 300 && !errorOf(lines)?.includes('\n'));
    assert.deepEqual(Object.keys(Object.prototype), []);
  },
};

const descriptions = [
  'kind: ipmi\ntitle: Talos\nbmc: {host: bmc, user: root, password-env: BMC}\nshell: {prompt: "# ?$", keys: [{when: Petitboot, send: x}]}\n',
  'kind: ssh\nhost: root@power\noptions: [-p, "2222"]\nkexec: {folder: /var/tmp, load: "kexec -l {kernel}"}\nwatch: [conserver, power]\npromises: {mmu: Radix}\n',
].map((text) => Buffer.from(text));

/** Any text as the description of a device: one of ours, or mistakes with places. */
const deviceTarget: Target = {
  name: 'device',
  shortRuns: 150,
  inputs: mutated({
    corpus: [...descriptions, ...crashesOf('device')],
    tokens: [
      ...[
        'kind: ',
        'ssh',
        'ipmi',
        'host: ',
        '-oProxyCommand=id',
        'promises: ',
        '{mmu: "(a+)+$"}',
        '\n',
        '  ',
      ],
      ...[
        '- ',
        '[',
        ']',
        '{',
        '}',
        '&a ',
        '*a',
        '<<: ',
        '__proto__: ',
        '!!binary ',
        '"\\u0000"',
        '1e999',
        '~',
      ],
    ],
    ...{ maxEdits: 4, maxBytes: 4000, splice: true },
  }),
  check(input) {
    try {
      const found = readDescription('d.yaml', input.toString('utf8'));
      if (found.kind === 'ssh') assert.match(found.host, /^[^-\n][^\n]*$/);
      else assert.doesNotMatch(`${found.bmc.host}${found.bmc.user}`, /\n/);
    } catch (error) {
      if (!(error instanceof JobError)) throw error;
      for (const { message } of error.problems) assert.doesNotMatch(message, /[\0-\u0008\u001b]/);
    }
    assert.deepEqual(Object.keys(Object.prototype), []);
  },
};

/** Any text as a patch: what stays for the key of a kernel is in it, and all that changes files. */
const patchTarget: Target = {
  name: 'patch',
  shortRuns: 1000,
  inputs: mutated({
    corpus: [...filesOf('patches'), ...filesOf('mbox'), ...crashesOf('patch')],
    tokens: [
      ...[
        'diff --git a/x b/x\n',
        '--- a/x\n',
        '+++ b/x\n',
        '@@ -1,3 +1,3 @@\n',
        '@@ -0,0 +1 @@\n',
        '+x\n',
        '-x\n',
      ],
      ...[
        ' \n',
        '\n',
        '\\ No newline at end of file\n',
        'rename from a\n',
        'new file mode 120000\n',
        '@@',
      ],
      ...[
        'GIT binary patch\n',
        '*** 1\n',
        '1c1\n',
        '---\n',
        '-- \n',
        '@@ -1,999999999 +1 @@\n',
        '\r\n',
      ],
    ],
    ...{ maxEdits: 5, maxBytes: 20_000, splice: true },
  }),
  check(input) {
    const text = input.toString('utf8');
    const kept = diffText(text);
    assert.equal(diffText(kept), kept, 'read again, it is the same');
    if (kept === text) return;
    const lines = text.split('\n');
    const added = (all: readonly string[]): number =>
      all.filter((line) => /^[+-](?![+-]{2} )/.test(line)).length;
    assert.ok(added(kept.split('\n')) <= added(lines));
    for (const line of kept.split('\n'))
      assert.ok(line.startsWith('@@') || lines.includes(line), line);
  },
};

/** What a lab says, what a user describes, and patches. */
export const labTargets: readonly Target[] = [answerTarget, logTarget, deviceTarget, patchTarget];
