// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import type { JobResult, RunResult } from '../model/result.js';
import { noSource, readKcidbSource, type KcidbSource } from './kcidb-source.js';
import { httpsUrl, knownFaultsOf, testsOf, type KcidbContext } from './kcidb-tests.js';
import type { KcidbBuild, KcidbCheckout, KcidbIssue, KcidbReport } from './kcidb-types.js';
import { renderResultsJson } from './results-json.js';
import { cleanLine, cleanText, tailBytes } from './text.js';

/** The name under which results are submitted when none is given; a lab takes its own. */
export const defaultOrigin = 'busyguest';

const hashPattern = /^[0-9a-f]{40}$/;
const patchsetPattern = /^$|^[0-9a-f]{64}$/;

/** The most of a log that KCIDB takes is 16384 characters; bytes are never fewer. */
export const maxExcerpt = 16_384;

/** Text that may have come from a console, as a bounded field; undefined where nothing is left. */
function excerptOf(text: string): { readonly log_excerpt: string } | undefined {
  const clean = tailBytes(cleanText(text), maxExcerpt);
  return clean.trim() === '' ? undefined : { log_excerpt: clean };
}

const optional = <K extends string>(name: K, value: string | undefined) =>
  (value === undefined || value === '' ? {} : { [name]: cleanLine(value) }) as Partial<
    Record<K, string>
  >;

const time = (text: string): { readonly start_time?: string } =>
  Number.isNaN(Date.parse(text)) ? {} : { start_time: new Date(text).toISOString() };

/** Unpatched is known to be the empty hash; a patched kernel without the fact is left out, not guessed. */
function patchset(facts: JobResult['facts']): { readonly patchset_hash?: string } {
  const hash = facts['patchset_hash'] ?? (facts['kernel_patches'] === 'none' ? '' : undefined);
  return hash !== undefined && patchsetPattern.test(hash) ? { patchset_hash: hash } : {};
}

function commit(facts: JobResult['facts']): { readonly git_commit_hash?: string } {
  const hash = facts['git_commit'] ?? /\b[0-9a-f]{40}\b/.exec(facts['kernel_source'] ?? '')?.[0];
  return hash !== undefined && hashPattern.test(hash) ? { git_commit_hash: hash } : {};
}

function repository(facts: JobResult['facts']): { readonly git_repository_url?: string } {
  // Whole or not at all: a URL with a password in it is nobody's business.
  const url = facts['git_repository_url'] ?? '';
  return url !== '' && httpsUrl.exec(url)?.[0] === url ? { git_repository_url: url } : {};
}

function checkoutOf(
  job: JobResult,
  { run, origin, idOf }: KcidbContext,
  source: KcidbSource,
): KcidbCheckout {
  const wrong = job.decidedBy === 'input';
  return {
    id: idOf('checkout', job.kernel),
    origin,
    ...repository(job.facts),
    ...commit(job.facts),
    ...patchset(job.facts),
    ...optional('comment', job.facts['kernel_source'] ?? job.kernel),
    ...time(run.startedAt),
    valid: !wrong,
    ...(wrong ? excerptOf(source.buildTail || job.reason) : {}),
    misc: { kernel: cleanLine(job.kernel), patches: cleanLine(job.facts['kernel_patches'] ?? '') },
  };
}

function buildOf(
  job: JobResult,
  { run, origin, idOf }: KcidbContext,
  source: KcidbSource,
): KcidbBuild {
  const failed = job.decidedBy === 'build';
  const milliseconds = job.timesMs['build'];
  return {
    id: idOf('build', job.kernel),
    origin,
    checkout_id: idOf('checkout', job.kernel),
    architecture: 'powerpc64le',
    ...optional('compiler', job.facts['toolchain']),
    ...optional('config_name', job.facts['kernel_config']),
    ...time(run.startedAt),
    ...(milliseconds !== undefined ? { duration: milliseconds / 1000 } : {}),
    ...(failed ? excerptOf(source.buildTail || job.reason) : excerptOf(source.buildTail)),
    status: failed ? 'FAIL' : job.decidedBy === 'infrastructure' ? 'ERROR' : 'PASS',
    ...optional('comment', failed ? job.reason : undefined),
    misc: { kernel_release: cleanLine(job.facts['kernel_release'] ?? '') },
  };
}

const byId = <T extends { readonly id: string }>(list: readonly T[]): readonly T[] => [
  ...new Map(list.map((one) => [one.id, one])).values(),
];

/** The job that tells most of its kernel: one that got so far as to have facts. */
function kernelJobs(run: RunResult): readonly JobResult[] {
  const jobs = new Map<string, JobResult>();
  for (const job of run.jobs) {
    const known = jobs.get(job.kernel);
    const more = Object.keys(job.facts).length > Object.keys(known?.facts ?? {}).length;
    if (!known || more) jobs.set(job.kernel, job);
  }
  return [...jobs.values()];
}

/**
 * A run as KCIDB v5.3 data. A kernel is a checkout and a build; a job, each of its cases and each metric is a
 * test under `kvm.busy_guest`; a fault that the job matrix lists as known is an incident of the issue it names.
 * The same run gives the same ids, so that submitting twice changes nothing.
 * @param origin name of the CI system: small letters, digits, underscores
 */
export function kcidbReport(
  run: RunResult,
  sources: Readonly<Record<string, KcidbSource>>,
  origin: string = defaultOrigin,
): KcidbReport {
  // Labs may share an origin and start in the same second; the times in the results differ.
  const digest = createHash('sha256').update(renderResultsJson(run)).digest('hex').slice(0, 12);
  const idOf = (...parts: readonly string[]): string =>
    `${origin}:${[run.run, digest, ...parts].map(cleanLine).join('/')}`;
  const context: KcidbContext = { run, origin, idOf };
  const known = new Map(Object.entries(sources));
  const sourceOf = (job: JobResult): KcidbSource => known.get(job.name) ?? noSource;
  const kernels = kernelJobs(run).filter(({ decidedBy }) => decidedBy !== 'device');
  const built = kernels.filter(({ decidedBy }) => decidedBy !== 'input');
  const names = new Set(built.map(({ kernel }) => kernel));
  const tested = run.jobs.filter(
    ({ kernel, decidedBy }) => names.has(kernel) && decidedBy !== 'build',
  );
  const faults = tested.map((job) => knownFaultsOf(job, sourceOf(job), context));
  return {
    version: { major: 5, minor: 3 },
    checkouts: kernels.map((job) => checkoutOf(job, context, sourceOf(job))),
    builds: built.map((job) => buildOf(job, context, sourceOf(job))),
    tests: byId(tested.flatMap((job) => testsOf(job, context, sourceOf(job)))),
    issues: byId(faults.flatMap(({ issues }): readonly KcidbIssue[] => issues)),
    incidents: byId(faults.flatMap(({ incidents }) => incidents)),
  };
}

/** kcidb.json of a run's folder. @param dir the run's folder */
export async function renderKcidb(run: RunResult, dir: string, origin?: string): Promise<string> {
  const sources: Record<string, KcidbSource> = {};
  for (const job of run.jobs) sources[job.name] = await readKcidbSource(dir, job);
  return `${JSON.stringify(kcidbReport(run, sources, origin), undefined, 2)}\n`;
}
