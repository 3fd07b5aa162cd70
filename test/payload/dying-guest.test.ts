// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import type { Device } from '../../src/devices/device.js';
import { caseTable } from '../../src/payload/busy-guest/case-table.js';
import type { Job } from '../../src/model/job.js';
import type { JobResult } from '../../src/model/result.js';
import { ConsoleSession } from '../../src/pipeline/console-session.js';
import { judgeWatched } from '../../src/pipeline/job-result.js';
import { payloadDir, payloadOnHost } from './payload-program.js';
import { replayedJob } from '../unit/replay-sample.js';

const sourcesIn = (dir: string): string[] => readdirSync(dir).filter((file) => file.endsWith('.c'));
const program = payloadOnHost(
  'host-machine',
  [
    ...sourcesIn(payloadDir).filter((file) => !['cgroup.c', 'guest.c', 'loop.c'].includes(file)),
    ...sourcesIn(`${payloadDir}/cases`).map((file) => `cases/${file}`),
  ],
  ['open', 'sched_setscheduler'],
);

const basicCase = 'busy_guest_obeys_quota';
/** Before it come those of the two controls. */
const caseGuest = 3;
const nobody = 1000;

interface Death {
  /** How it ends (test/fixtures/payload/host-machine.c). */
  readonly how: string;
  /** The first process that does, counted from 1. */
  readonly dying?: number;
  readonly name?: string;
  readonly options?: readonly string[];
}

interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

/** What the payload prints. */
async function payload({
  how,
  dying = caseGuest,
  name = basicCase,
  options,
}: Death): Promise<Said> {
  const args = [
    ...['--quota-us', '20000', '--period-us', '40000', '--kill-deadline-seconds', '1'],
    ...['--case', name, ...(options ?? ['--seconds', '1', '--virtual-time'])],
  ];
  const env = { ...process.env, HOW: how, DYING: String(dying) };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { stdout, stderr, code: await ended };
}

const never = (): never => assert.fail('a replay boots nothing');
const device: Device = {
  ...{ name: 'd', title: '', promised: {} },
  ...{ missing: never, inputs: never, start: never },
};

/** Status and decider of a job whose payload printed that, where what it said before the death is set aside. */
function judged({ stdout, code }: Said, knownFaults: Job['knownFaults'] = []): JobResult {
  const session = new ConsoleSession({ cases: [basicCase] });
  const death = stdout.slice(stdout.search(/^# fault|^Bail out!/m));
  session.push(Buffer.from(`BUSYGUEST-START v1\n${death}BUSYGUEST-END ${code}\n`));
  const findings = session.end();
  const watched = { findings, exit: 'done', machineFacts: {}, timesMs: {}, deadlineMs: 1 } as const;
  return judgeWatched({ ...replayedJob, knownFaults }, device, watched, {}, false);
}

const statusOf = ({ status, decidedBy }: JobResult): string => `${status} by ${decidedBy}`;

/** The result lines of a case; those of its controls do not count. */
const resultsOf = (stdout: string, name: string): string[] =>
  stdout.split('\n').filter((line) => new RegExp(`^(?:not )?ok \\d+ ${name}\\b`).test(line));

const noGroupLeft = /^groups: \d+ made, 0 left\n$/;

/** The death is the last that is said, and all that is said of the case; groups are gone. */
function assertGivenUp(said: Said, name: string, last: string): void {
  assert.deepEqual(resultsOf(said.stdout, name), []);
  assert.ok(said.stdout.endsWith(`\n${last}\n`), said.stdout.slice(-500));
  assert.match(said.stderr, noGroupLeft);
  assert.equal(said.code, 1);
}

const entry = 'KVM_EXIT_FAIL_ENTRY hardware_entry_failure_reason=0x8000000000000000 cpu=0';
const vmm = ['--seconds', '1', '--virtual-time', '--vmm', '/proc/self/exe'];
const faults: readonly (Death & { readonly fault: string })[] = [
  { how: 'fail-entry', fault: `${entry} vcpu=0` },
  { how: 'fail-entry', fault: `${entry} vcpu=0`, dying: 1 },
  { how: 'fail-entry', fault: `${entry} vcpu=0`, options: ['--seconds', '1'] },
  { how: 'never-entered', fault: `${entry} vcpu=0` },
  { how: 'second-vcpu', fault: `${entry} vcpu=1` },
  {
    how: 'continued',
    fault: `${entry} vcpu=0`,
    name: 'unlimited_guest_stops_and_continues',
  },
  { how: 'internal', fault: 'KVM_EXIT_INTERNAL_ERROR suberror=3 vcpu=0' },
  { how: 'kvm-run', fault: 'KVM_RUN: Bad address, vcpu=0' },
  {
    how: 'qemu-fails',
    fault: 'KVM_RUN of QEMU: error: kvm run failed Bad address',
    options: vmm,
  },
];

for (const { fault, ...death } of faults) {
  test(`a guest that dies is a fault and no result: ${JSON.stringify(death)}`, async () => {
    const said = await payload(death);
    const last = `# fault: ${fault}\nBail out! the guest ended by itself: ${fault}`;
    assertGivenUp(said, death.name ?? basicCase, last);
    const result = judged(said);
    assert.equal(statusOf(result), 'FAIL by fault', result.reason);
    assert.match(result.reason, /^kvm-entry: KVM_(?:EXIT_\w+|RUN: Bad address|RUN of QEMU: .*)/);
    const known = judged(said, [{ title: /KVM_/, reason: 'known' }]);
    assert.equal(statusOf(known), 'ERROR by cases', known.reason);
  });
}

const ends: readonly (Death & { readonly why: string })[] = [
  { how: 'killed', why: 'the guest ended by itself: signal 9' },
  { how: 'silent', why: 'the guest ended by itself: exit 1' },
  {
    how: 'no-thread',
    why: 'the guest ended by itself: pthread_create: Resource temporarily unavailable',
  },
  { how: 'loop-ends', why: 'the loop ended by itself: pthread_create failed', dying: 2 },
  {
    how: 'loop-ends',
    why: 'the loop ended by itself: pthread_create failed',
    name: 'guest_beside_realtime_loop',
  },
  {
    how: 'qemu-ends',
    why: 'the guest ended by itself: QEMU ended: qemu-system-ppc64: cannot go on',
    options: vmm,
  },
];

for (const { why, ...death } of ends) {
  test(`what ends for another reason is no fault of KVM, and ERROR: ${JSON.stringify(death)}`, async () => {
    const said = await payload(death);
    assertGivenUp(said, death.name ?? basicCase, `Bail out! ${why}`);
    assert.doesNotMatch(said.stdout, /^# fault/m);
    const result = judged(said);
    assert.equal(statusOf(result), 'ERROR by cases', result.reason);
  });
}

test('a guest that is gone before a case stops it: the case waits for it in vain, and not for long', async () => {
  const name = 'burst_is_honoured_and_bounded';
  const { stdout, stderr, code } = await payload({ how: 'at-once', name });
  assert.deepEqual(resultsOf(stdout, name), []);
  assert.match(
    stdout,
    /\nBail out! the guest ended by itself: (?:its process is gone|signal 9)\n$/,
  );
  assert.match(stderr, noGroupLeft);
  assert.equal(code, 1);
});

test('nothing is started any more once a guest has died', async () => {
  const { stderr } = await payload({ how: 'fail-entry', dying: 1 });
  // Whether limits can be set is asked first.
  assert.equal(stderr, 'groups: 2 made, 0 left\n');
});

/** Cases that start a second process before they look at the first. */
const second = ['two_guests_share_a_limit', 'sibling_groups_keep_their_limits'];
const asked = caseTable.filter(({ tags }) => !tags.includes('always'));

async function assertNoResult(context: TestContext, name: string): Promise<void> {
  const [line] = resultsOf(
    (await payload({ how: 'fail-entry', dying: nobody, name })).stdout,
    name,
  );
  assert.ok(line !== undefined);
  if (line.includes('# SKIP')) {
    context.skip(line);
    return;
  }
  const first = second.includes(name) ? [caseGuest, caseGuest + 1] : [caseGuest];
  for (const dying of first) {
    for (const how of ['fail-entry', 'killed']) {
      const { stdout, stderr, code } = await payload({ how, dying, name });
      const what = `${how} ${dying}\n${stdout}`;
      assert.deepEqual(resultsOf(stdout, name), [], what);
      assert.match(stdout, /\nBail out! the guest ended by itself: .*\n$/, what);
      assert.match(stderr, noGroupLeft, what);
      assert.equal(code, 1, what);
    }
  }
}

test(
  'no case has a result when its guest dies, by KVM or otherwise',
  { concurrency: 8 },
  async (all) => {
    await Promise.all(asked.map(({ name }) => all.test(name, (one) => assertNoResult(one, name))));
  },
);
