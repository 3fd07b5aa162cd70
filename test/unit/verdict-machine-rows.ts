// SPDX-License-Identifier: MIT
import { caseWith, casesWith } from './verdict-evidence.js';
import { firstTwo, noStart, type Row } from './verdict-judge-rows.js';

/** Machines that hang, reset and fall silent. */
export const machineRows: readonly Row[] = [
  {
    what: 'the boot hangs',
    evidence: { ...noStart, exit: 'deadline', deadlineMs: 120_000 },
    status: 'ERROR',
    by: 'machine',
    reason: /^boot: no start of the test within 120 s; last line: Run \/init as init process$/,
  },
  {
    what: 'the firmware hangs and prints nothing',
    evidence: { ...noStart, exit: 'deadline', phase: 'firmware', lastLines: [] },
    status: 'ERROR',
    by: 'machine',
    reason: /^firmware: no start of the test within its deadline; the console is empty$/,
  },
  ...(['reset', 'poweroff', 'lost'] as const).map((exit): Row => ({
    what: `no start, ${exit}`,
    evidence: { ...noStart, exit },
    status: 'ERROR',
    by: 'machine',
    reason: /^boot: .* before the test started; last line/,
  })),
  {
    what: 'the test hangs',
    evidence: {
      cases: firstTwo,
      ended: false,
      exit: 'deadline',
      phase: 'test',
      deadlineMs: 60_000,
    },
    status: 'ERROR',
    by: 'machine',
    reason:
      /^test: no end of the test within 60 s; never reported: control_host_loop_obeys_quota, /,
  },
  {
    what: 'the test hangs after its last case',
    evidence: { ended: false, exit: 'deadline', phase: 'test', deadlineMs: 60_000 },
    status: 'ERROR',
    by: 'machine',
    reason: /^test: no end of the test within 60 s; last line/,
  },
  {
    what: 'the shutdown hangs: the result is there',
    evidence: { exit: 'deadline', phase: 'shutdown' },
    status: 'PASS',
    by: 'cases',
    reason: /all 11/,
  },
  {
    what: 'the console is too much to be read',
    evidence: { ended: false, exit: 'lost', phase: 'test', flooded: '1 GB of console' },
    status: 'ERROR',
    by: 'machine',
    reason: /^test: 1 GB of console, the rest was not read; last line: /,
  },
  {
    what: 'the console stops in the middle',
    evidence: { cases: firstTwo, ended: false, exit: 'lost', phase: 'test' },
    status: 'MISS',
    by: 'machine',
    reason:
      /^never reported: control_host_loop_obeys_quota, .*kvm_run_returns_as_documented \(console: lost\)/,
  },
  {
    what: 'the console stops after the last case, before the end',
    evidence: { ended: false, exit: 'lost', phase: 'test' },
    status: 'MISS',
    by: 'machine',
    reason: /^never reported: the end of the test/,
  },
  {
    what: 'a case that the reader itself marks as MISS',
    evidence: { cases: casesWith(caseWith('busy_guest_debt_bounded', 'MISS', {})) },
    status: 'MISS',
    by: 'machine',
    reason: /never reported: busy_guest_debt_bounded/,
  },
  {
    what: 'nothing at all, but no reason to suspect the machine',
    evidence: { cases: [], started: false, ended: false, exit: 'done' },
    status: 'MISS',
    by: 'machine',
    reason: /never reported: kvm_hv_available/,
  },
];
