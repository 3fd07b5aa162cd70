// SPDX-License-Identifier: MIT
import { programOf } from '../payload/registry.js';
import type { JobResult } from '../model/result.js';
import { breaksLimit } from './answer.js';
import { brokenCases } from './case-changes.js';

/** What a kernel does with the limit on one machine. `beside`: it keeps the limit and fails something else. */
export type Effect =
  'breaks' | 'scheduler' | 'crashes' | 'build' | 'beside' | 'keeps' | 'unknown' | 'untested';

/** What was seen of a kernel. */
export interface KernelSummary {
  readonly kernel: string;
  /** What tells it from others of its name: commit, version, packages. May be empty. */
  readonly identity: string;
  readonly jobs: readonly JobResult[];
  /** The worst of all machines. */
  readonly effect: Effect;
  /** What it does and where, as a predicate: `keeps the limit on all 8 machines`. */
  readonly phrase: string;
}

/** What one job says of its kernel. */
export function effectOf(job: JobResult): Effect {
  if (job.status === 'PASS') return 'keeps';
  if (job.status === 'SKIP') return 'untested';
  if (job.status !== 'FAIL') return 'unknown';
  if (job.decidedBy === 'build') return 'build';
  if (!breaksLimit(job)) return 'crashes';
  if (job.decidedBy === 'scheduler') return 'scheduler';
  const broken = brokenCases(job);
  const { judging } = programOf(job);
  const breaks = broken.length === 0 || broken.some((name) => judging.isDecisive(name));
  return breaks ? 'breaks' : 'beside';
}

const worstFirst: readonly Effect[] = [
  'breaks',
  'scheduler',
  'crashes',
  'build',
  'unknown',
  'beside',
  'keeps',
  'untested',
];

/** The worst that a kernel of a run does. */
export function worstEffect(jobs: readonly JobResult[]): Effect {
  const effects = new Set(jobs.map(effectOf));
  return worstFirst.find((one) => effects.has(one)) ?? 'untested';
}

// A sentence has room for a cause, not for a log.
const shortReason = (text: string): string => {
  const line = text.split('\n')[0] ?? '';
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
};

const deviceName = (job: JobResult): string => job.device.replace(/^qemu-/, '');
const unique = <T>(list: readonly T[]): readonly T[] => [...new Set(list)];

function list(names: readonly string[]): string {
  const more = names.length - 4;
  return more > 0 ? `${names.slice(0, 4).join(', ')} and ${more} more` : names.join(', ');
}

/**
 * Where something was seen, of the machines and tests that ran: `on all 8 machines`, `on 1 of 3 machines (powernv8)`,
 * `on powernv8 in burst`.
 */
function where(seen: readonly JobResult[], ran: readonly JobResult[]): string {
  const tests = unique(seen.map(({ test }) => test));
  const isEvery = ran.every(({ test }) => tests.includes(test));
  return `${onMachines(seen, ran)}${isEvery ? '' : ` in ${list(tests)}`}`;
}

function onMachines(seen: readonly JobResult[], ran: readonly JobResult[]): string {
  const names = unique(seen.map(deviceName));
  const all = unique(ran.map(deviceName)).length;
  if (names.length === all) return all === 1 ? `on ${names[0] ?? ''}` : `on all ${all} machines`;
  return `on ${names.length} of ${all} machines (${list(names)})`;
}

/** The number that shows what is broken, or the case that does. */
function evidence(job: JobResult): string {
  const { reporting, judging } = programOf(job);
  const cases = list(brokenCases(job).filter((name) => judging.isDecisive(name)));
  return reporting.evidence(job) || cases || shortReason(job.reason);
}

function phraseOf(effect: Effect, jobs: readonly JobResult[]): string {
  const ran = jobs.filter((job) => effectOf(job) !== 'untested');
  const seen = jobs.filter((job) => effectOf(job) === effect);
  const [first] = seen;
  if (!first) return 'was not tested';
  const place = where(seen, effect === 'untested' ? jobs : ran);
  const kept = ran.filter((job) => effectOf(job) === 'keeps');
  const { phrases } = programOf(first).reporting;
  const rest = kept.length > 0 ? `${phrases.keeps} ${where(kept, ran)}; ` : '';
  const why = shortReason(first.reason);
  switch (effect) {
    case 'keeps':
      return `${phrases.keeps} ${place}`;
    case 'breaks':
      return `${phrases.breaks} ${place}: ${evidence(first)}`;
    case 'beside':
      return `${phrases.onlyOthersFail} ${list(unique(seen.flatMap(brokenCases)))} ${place}`;
    case 'scheduler':
      return `${phrases.scheduler} ${place}: the scheduler is to blame`;
    case 'crashes':
      return `${rest}goes wrong ${place}: ${why}`;
    case 'build':
      return `does not compile: ${why}`;
    case 'unknown':
      return `${rest}tells nothing ${place}: ${why}`;
    case 'untested':
      return `was not tested: ${why}`;
  }
}

/** Which kernel that was: for a reader who has neither our cache nor our disk. */
function identityOf(jobs: readonly JobResult[]): string {
  const fact = (name: string): string =>
    jobs.map(({ facts }) => facts[name] ?? '').find((text) => text !== '') ?? '';
  const release = fact('kernel_release');
  const commit = fact('git_commit').slice(0, 12);
  if (commit !== '') return [release, `commit ${commit}`].filter(Boolean).join(', ');
  const source = fact('kernel_source').replace(/ \([^()]*\)$/, '');
  if (source !== '' && !source.includes('/') && source !== 'running') return source;
  const [file = '', ...others] = fact('kernel_packages').split(' ').filter(Boolean);
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return file === '' ? release : `${file}${more}`;
}

/** What was seen of each kernel of a run, in its order. */
export function summarizeKernels(jobs: readonly JobResult[]): readonly KernelSummary[] {
  return unique(jobs.map(({ kernel }) => kernel)).map((kernel) => {
    const own = jobs.filter((job) => job.kernel === kernel);
    const effect = worstEffect(own);
    return {
      kernel,
      identity: identityOf(own),
      jobs: own,
      effect,
      phrase: phraseOf(effect, own),
    };
  });
}
