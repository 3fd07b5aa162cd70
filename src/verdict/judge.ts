// SPDX-License-Identifier: MIT
import { timerLost } from '../model/fault-pattern.js';
import type { KnownFault, TestParameters } from '../model/job.js';
import type { CaseResult, ExitReason, Fault, Judgement, Phase } from '../model/result.js';
import type { TestProgram } from '../payload/test-program.js';
import { completeCases, named, withStatus } from './cases.js';
import { controlDoesNotHold, failsWithoutControl, schedulerBreaksLimit } from './control-rules.js';
import { describeCase, describeCases } from './reason.js';

/** Why there is no kernel or image to boot. `build`: the kernel does not compile; `input`: a patch does not apply. */
export interface BuildError {
  readonly decidedBy: 'build' | 'input' | 'infrastructure';
  readonly reason: string;
}

/** All that is known about a job when it ends; everything the judge may look at. */
export interface Evidence {
  readonly cases: readonly CaseResult[];
  readonly faults: readonly Fault[];
  readonly facts: Readonly<Record<string, string>>;
  /** Names of the cases that the payload must report. */
  readonly expectedCases: readonly string[];
  /** The payload's first or last line is of another boot: what it says. */
  readonly otherBoot?: string;
  /** The payload's first line was seen. */
  readonly started: boolean;
  /** The payload's last line was seen. */
  readonly ended: boolean;
  /** Reason of the payload's `Bail out!`. */
  readonly bailOut?: string;
  /** The payload's own exit code, where it is known. */
  readonly exitCode?: number;
  /** That exit code is not 0, known or not. */
  readonly exitFailed?: boolean;
  readonly exit: ExitReason;
  /** What there was too much of on the console, so that the rest was not read. */
  readonly flooded?: string;
  /** The phase the machine was in when the console ended. */
  readonly phase: Phase;
  /** The deadline of that phase, wall milliseconds. */
  readonly deadlineMs?: number;
  /** Last console lines, oldest first. */
  readonly lastLines: readonly string[];
  readonly knownFaults: readonly KnownFault[];
  /** What ran, and what it was told. */
  readonly program: TestProgram;
  readonly parameters: TestParameters;
  /** Why the device cannot be used here; empty or absent means that it can. */
  readonly deviceMissing?: readonly string[];
  /** What the test needs and the kernel's config lacks. */
  readonly kernelLacks?: readonly string[];
  readonly buildError?: BuildError;
  /** What the KTAP reader complains about. */
  readonly problems: readonly string[];
  /** Where the payload saw another path of the kernel than the device is there for. */
  readonly brokenPromises?: readonly string[];
  /** The lab failed while the machine ran: how. */
  readonly labFailed?: string;
  /** Where the lab's own records say something else than the console. */
  readonly disagreements?: readonly string[];
}

/** Looks at one thing; undefined where it has nothing to say. */
export type Rule = (evidence: Evidence) => Judgement | undefined;

function lastLine(evidence: Evidence): string {
  const line = evidence.lastLines.findLast((one) => one.trim() !== '');
  return line === undefined ? 'the console is empty' : `last line: ${line.trim()}`;
}

const deadline = (evidence: Evidence): string =>
  evidence.deadlineMs === undefined ? 'its deadline' : `${evidence.deadlineMs / 1000} s`;

const deviceIsMissing: Rule = ({ deviceMissing = [] }) =>
  deviceMissing.length > 0
    ? { status: 'SKIP', decidedBy: 'device', reason: deviceMissing.join('; ') }
    : undefined;

const kernelLacksSomething: Rule = ({ kernelLacks = [] }) =>
  kernelLacks.length > 0
    ? { status: 'SKIP', decidedBy: 'input', reason: `the kernel lacks ${kernelLacks.join(', ')}` }
    : undefined;

const wasInterrupted: Rule = ({ exit, phase }) =>
  exit === 'interrupted'
    ? { status: 'MISS', decidedBy: 'interrupted', reason: `${phase}: interrupted` }
    : undefined;

/** A kernel that does not compile is the kernel's doing; the rest is not. */
const hasNoKernel: Rule = ({ buildError }) =>
  buildError && { status: buildError.decidedBy === 'build' ? 'FAIL' : 'ERROR', ...buildError };

/** Before the faults: those may be another kernel's too. */
const isOfAnotherBoot: Rule = ({ otherBoot }) =>
  otherBoot === undefined
    ? undefined
    : { status: 'ERROR', decidedBy: 'machine', reason: `not this boot: ${otherBoot}` };

/** search(), unlike test(), keeps no state between calls in a global expression. */
const accepts = ({ title: known }: KnownFault, title: string): boolean =>
  known instanceof RegExp ? title.search(known) >= 0 : known.test(title);

const newFault = (
  { faults, knownFaults }: Evidence,
  which: (one: Fault) => boolean,
): Fault | undefined =>
  faults.find((one) => which(one) && !knownFaults.some((known) => accepts(known, one.title)));

/** Without a timer a right kernel hangs like a wrong one: what else is seen may be a consequence. */
const timerIsLost: Rule = (evidence) => {
  const fault = newFault(evidence, (one) => one.class === timerLost);
  return (
    fault && {
      status: 'ERROR',
      decidedBy: 'machine',
      reason: `${fault.phase}: ${fault.title}; the machine is too slow for its timer, or the timer does not work`,
    }
  );
};

const hasNewFault: Rule = (evidence) => {
  const fault = newFault(evidence, () => true);
  return (
    fault && {
      status: 'FAIL',
      decidedBy: 'fault',
      reason: `${fault.class}: ${fault.title} (phase ${fault.phase})`,
    }
  );
};

const cannotBeRead: Rule = (evidence) =>
  evidence.problems.length > 0 && withStatus(evidence, 'ERROR').length > 0
    ? {
        status: 'ERROR',
        decidedBy: 'machine',
        reason: `the payload's output cannot be trusted: ${evidence.problems.slice(0, 3).join('; ')}`,
      }
    : undefined;

const tookAnotherPath: Rule = ({ brokenPromises = [] }) =>
  brokenPromises.length > 0
    ? {
        status: 'ERROR',
        decidedBy: 'device',
        reason: `another path of the kernel was tested: ${brokenPromises.join('; ')}`,
      }
    : undefined;

const labHasFailed: Rule = ({ labFailed, ended, phase }) =>
  labFailed === undefined || ended
    ? undefined
    : { status: 'ERROR', decidedBy: 'infrastructure', reason: `${phase}: ${labFailed}` };

const recordsDisagree: Rule = ({ disagreements = [] }) =>
  disagreements.length > 0
    ? {
        status: 'ERROR',
        decidedBy: 'infrastructure',
        reason: `the lab's records and the console disagree: ${disagreements.slice(0, 3).join('; ')}`,
      }
    : undefined;

/** Where time is real, the machine may be to blame; one that is beyond doubt is enough. */
const failsOnceInRealTime: Rule = (evidence) => {
  const { program, facts } = evidence;
  const failed = withStatus(evidence, 'FAIL');
  if (failed.length === 0) return undefined;
  if (failed.some((one) => program.judging.isCertain(one, facts))) return undefined;
  const meaning = 'in real time that needs many windows (no evidence_log10 of 6 or more)';
  const reason = `${describeCases(program, failed)}: ${meaning}`;
  return { status: 'ERROR', decidedBy: 'proof', reason };
};

const caseFails: Rule = (evidence) => {
  const failed = withStatus(evidence, 'FAIL');
  return failed.length > 0
    ? { status: 'FAIL', decidedBy: 'cases', reason: describeCases(evidence.program, failed) }
    : undefined;
};

const gaveUp: Rule = ({ bailOut }) =>
  bailOut === undefined
    ? undefined
    : { status: 'ERROR', decidedBy: 'cases', reason: `the payload gave up: ${bailOut}` };

const wasFlooded: Rule = (evidence) => {
  const { flooded, phase } = evidence;
  if (flooded === undefined) return undefined;
  const reason = `${phase}: ${flooded}, the rest was not read; ${lastLine(evidence)}`;
  return { status: 'ERROR', decidedBy: 'machine', reason };
};

const earlyEnds: Partial<Record<ExitReason, string>> = {
  poweroff: 'the machine powered off before the test started',
  reset: 'the machine reset before the test started',
  lost: 'the console was lost before the test started',
};

const neverStarted: Rule = (evidence) => {
  const what =
    evidence.exit === 'deadline'
      ? `no start of the test within ${deadline(evidence)}`
      : earlyEnds[evidence.exit];
  if (evidence.started || what === undefined) return undefined;
  const reason = `${evidence.phase}: ${what}; ${lastLine(evidence)}`;
  return { status: 'ERROR', decidedBy: 'machine', reason };
};

const hungInTest: Rule = (evidence) => {
  const missing = withStatus(evidence, 'MISS');
  if (evidence.exit !== 'deadline' || (evidence.ended && missing.length === 0)) return undefined;
  const unreported = missing.length > 0 ? `; never reported: ${named(missing)}` : '';
  const reason = `test: no end of the test within ${deadline(evidence)}${unreported}; ${lastLine(evidence)}`;
  return { status: 'ERROR', decidedBy: 'machine', reason };
};

const stoppedInTheMiddle: Rule = (evidence) => {
  const missing = withStatus(evidence, 'MISS');
  if (evidence.ended && missing.length === 0) return undefined;
  const what = missing.length > 0 ? named(missing) : 'the end of the test';
  const reason = `never reported: ${what} (console: ${evidence.exit}); ${lastLine(evidence)}`;
  return { status: 'MISS', decidedBy: 'machine', reason };
};

const caseCannotTell: Rule = (evidence) => {
  const unclear = withStatus(evidence, 'ERROR');
  return unclear.length > 0
    ? { status: 'ERROR', decidedBy: 'cases', reason: describeCases(evidence.program, unclear) }
    : undefined;
};

/**
 * A job is skipped when a case that every machine can run is, or all that the test asked for. Others say
 * what the machine lacks (a second CPU, cgroup v1), and the reason of a PASS names them.
 */
const caseIsSkipped: Rule = ({ cases, expectedCases, program }) => {
  const { judging } = program;
  // Where nobody knows what a program will report, all of it counts.
  const asked = cases.filter(
    ({ name }) => expectedCases.length === 0 || expectedCases.includes(name),
  );
  const skipped = asked.filter(({ status }) => status === 'SKIP');
  const needed = skipped.find(({ name }) => judging.isNeeded(name));
  const told = asked.some(({ name, status }) => !judging.runsAlways(name) && status !== 'SKIP');
  const first = needed ?? (told ? undefined : skipped[0]);
  return first && { status: 'SKIP', decidedBy: 'cases', reason: describeCase(program, first) };
};

const exitDisagrees: Rule = ({ exitCode, exitFailed }) =>
  exitFailed
    ? {
        status: 'ERROR',
        decidedBy: 'machine',
        reason: `all cases pass, but the payload exited with ${exitCode ?? 'a code that is cut off, and not 0'}`,
      }
    : undefined;

const isNotProven: Rule = ({ cases, parameters, facts, program }) => {
  const missing = program.judging.missingProof(cases, parameters, facts);
  return missing.length > 0
    ? { status: 'ERROR', decidedBy: 'proof', reason: `a PASS without proof: ${missing.join('; ')}` }
    : undefined;
};

/** In order: the first that has something to say decides. */
const rules: readonly Rule[] = [
  deviceIsMissing,
  kernelLacksSomething,
  wasInterrupted,
  hasNoKernel,
  isOfAnotherBoot,
  timerIsLost,
  hasNewFault,
  labHasFailed,
  cannotBeRead,
  recordsDisagree,
  tookAnotherPath,
  schedulerBreaksLimit,
  controlDoesNotHold,
  failsWithoutControl,
  failsOnceInRealTime,
  caseFails,
  gaveUp,
  wasFlooded,
  neverStarted,
  hungInTest,
  stoppedInTheMiddle,
  caseCannotTell,
  caseIsSkipped,
  exitDisagrees,
  isNotProven,
];

/** The status of a job and why. PASS is what is left when no rule objects, never a guess. */
export function judge(reported: Evidence): Judgement {
  const evidence = {
    ...reported,
    cases: completeCases(reported.cases, reported.expectedCases),
  };
  for (const rule of rules) {
    const judgement = rule(evidence);
    if (judgement) return judgement;
  }
  const { program } = reported;
  const passed = withStatus(evidence, 'PASS');
  const skipped = withStatus(evidence, 'SKIP');
  const measured = passed.filter(({ name }) => program.reporting.measured.includes(name));
  const count = skipped.length > 0 ? `${passed.length}` : `all ${passed.length}`;
  const rest = skipped.length > 0 ? `skipped: ${describeCases(program, skipped)}` : '';
  const reason = [`${count} cases pass`, describeCases(program, measured), rest]
    .filter(Boolean)
    .join('; ');
  return { status: 'PASS', decidedBy: 'cases', reason };
}
