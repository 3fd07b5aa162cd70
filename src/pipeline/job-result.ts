// SPDX-License-Identifier: MIT
import type { Device } from '../devices/device.js';
import { InfraError } from '../model/errors.js';
import type { Job } from '../model/job.js';
import { programOf } from '../payload/registry.js';
import type { CaseResult, JobResult } from '../model/result.js';
import { asExpected } from '../verdict/exit.js';
import { judge, type Evidence } from '../verdict/judge.js';
import { brokenPromises } from './promises.js';
import type { Watched } from './watch.js';

/** Turns what was seen into a result: the same findings give the same result. */
export function judgeWatched(
  job: Job,
  device: Device,
  watched: Watched,
  facts: Readonly<Record<string, string>>,
  reused: boolean,
): JobResult {
  const { findings, exit } = watched;
  const { payload } = findings;
  const program = programOf(job.test);
  const evidence: Evidence = {
    cases: payload.cases,
    faults: findings.faults,
    facts: payload.facts,
    expectedCases: program.judging.cases(job.test.parameters),
    started: payload.started,
    ended: payload.ended,
    ...(payload.bailOut !== undefined && { bailOut: payload.bailOut }),
    ...(payload.exitCode !== undefined && { exitCode: payload.exitCode }),
    exitFailed: payload.failed,
    ...(payload.otherBoot !== undefined && { otherBoot: payload.otherBoot }),
    ...(findings.flooded !== undefined && { flooded: findings.flooded }),
    exit,
    phase: findings.phase,
    ...(watched.deadlineMs !== undefined && { deadlineMs: watched.deadlineMs }),
    lastLines:
      watched.message === undefined ? findings.lastLines : [...findings.lastLines, watched.message],
    knownFaults: job.knownFaults,
    program,
    parameters: job.test.parameters,
    problems: payload.problems,
    brokenPromises: brokenPromises(program, device.promised, payload),
    ...(watched.labFailed && { labFailed: watched.message ?? 'the lab failed' }),
    ...(watched.disagreements && { disagreements: watched.disagreements }),
  };
  const judgement = judge(evidence);
  return {
    ...identity(job),
    ...judgement,
    asExpected: asExpected(judgement, job.expect),
    cases: payload.cases,
    faults: findings.faults,
    facts,
    deviceFacts: watched.machineFacts,
    payloadFacts: payload.facts,
    timesMs: watched.timesMs,
    ...(watched.caseTimes && { caseTimes: watched.caseTimes }),
    reused,
  };
}

/** A result for a job that was never booted: no device, no kernel, no time. */
export function judgeUnbooted(
  job: Job,
  why: Pick<Evidence, 'deviceMissing' | 'kernelLacks' | 'buildError'> & {
    readonly interrupted?: boolean;
  },
  facts: Readonly<Record<string, string>> = {},
): JobResult {
  const program = programOf(job.test);
  const judgement = judge({
    ...why,
    cases: [],
    faults: [],
    facts: {},
    expectedCases: program.judging.cases(job.test.parameters),
    started: false,
    ended: false,
    exit: why.interrupted ? 'interrupted' : 'lost',
    phase: 'boot',
    lastLines: [],
    knownFaults: job.knownFaults,
    program,
    parameters: job.test.parameters,
    problems: [],
  });
  return {
    ...identity(job),
    ...judgement,
    asExpected: asExpected(judgement, job.expect),
    cases: why.buildError?.decidedBy === 'build' ? [buildCase(why.buildError.reason)] : [],
    faults: [],
    facts,
    timesMs: {},
    reused: false,
  };
}

// A kernel that does not compile has failed at something: reports count and show it as they do any case.
const buildCase = (reason: string): CaseResult => ({
  name: 'build',
  status: 'FAIL',
  reason,
  metrics: [],
});

/** A result for a job whose machine could not be started. */
export function judgeInfra(job: Job, error: InfraError): JobResult {
  const { reason } = error;
  return judgeUnbooted(job, { buildError: { decidedBy: 'infrastructure', reason } });
}

function identity(
  job: Job,
): Pick<JobResult, 'name' | 'kernel' | 'device' | 'test' | 'program' | 'expect'> {
  return {
    name: job.name,
    kernel: job.kernel.name,
    device: job.device,
    test: job.test.name,
    ...(job.test.program !== undefined && { program: job.test.program }),
    expect: job.expect,
  };
}
