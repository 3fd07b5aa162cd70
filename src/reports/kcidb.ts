// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { architectureOfFacts } from '../architectures/architectures.js';
import { kernelId } from '../model/job.js';
import type { Facts, JobResult, RunResult } from '../model/result.js';
import { expectedFailuresOf, knownFaultsOf } from './kcidb-issues.js';
import { defaultOrigin, type KcidbOptions } from './kcidb-options.js';
import { noSource, readKcidbSource, type KcidbSource } from './kcidb-source.js';
import { resourcesOf, testsOf, type KcidbContext } from './kcidb-tests.js';
import type { KcidbBuild, KcidbCheckout, KcidbIssue, KcidbReport } from './kcidb-types.js';
import { renderResultsJson } from './results-json.js';
import { cleanLine, cleanText, httpsUrl, tailBytes } from './text.js';

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
function patchset(facts: Facts): { readonly patchset_hash?: string } {
  const hash = facts['patchset_hash'] ?? (facts['kernel_patches'] === 'none' ? '' : undefined);
  return hash !== undefined && patchsetPattern.test(hash) ? { patchset_hash: hash } : {};
}

function commit(facts: Facts): { readonly git_commit_hash?: string } {
  const hash = facts['git_commit'] ?? /\b[0-9a-f]{40}\b/.exec(facts['kernel_source'] ?? '')?.[0];
  return hash !== undefined && hashPattern.test(hash) ? { git_commit_hash: hash } : {};
}

/** URLs of repositories in the form that KCIDB wants; these hosts have the same paths for both. */
const httpsOf = (url: string): string =>
  url.replace(/^(?:git|http):\/\/(?=(?:git\.kernel\.org|github\.com|gitlab\.com)\/)/, 'https://');

function repository(facts: Facts): { readonly git_repository_url?: string } {
  // Whole or not at all: a URL with a password in it is nobody's business.
  const url = httpsOf(facts['git_repository_url'] ?? '');
  return url !== '' && httpsUrl.exec(url)?.[0] === url ? { git_repository_url: url } : {};
}

/** The tree's name as the dashboard makes one up from its URL: owner and repository. */
function treeOfUrl(url: string): string | undefined {
  const [repo, owner] = new URL(url).pathname.split('/').filter(Boolean).reverse();
  const short = repo?.replace(/\.git$/i, '');
  if (short === undefined || short === '') return undefined;
  if (owner === undefined) return short;
  return owner.toLowerCase().includes(short.toLowerCase()) ? owner : `${owner}-${short}`;
}

interface Origin {
  readonly tree?: string | undefined;
  readonly branch?: string | undefined;
  readonly name?: string | undefined;
}

/** Which tree a kernel's source is of, its branch, and what the commit is called; a package's are made of its own. */
function originOf(facts: Facts): Origin {
  const source = facts['kernel_source'] ?? '';
  // A package's suite is what it is followed by, as a branch is.
  const [, name, version, suite = name] =
    /^(?:debian:)?(\S+) (\S+) \(Debian (\S+)\)$/.exec(source) ??
    /^debian:(\S+) (\S+)$/.exec(source) ??
    [];
  if (name !== undefined) return { tree: 'debian', branch: suite, name: `${name} ${version}` };
  const url = repository(facts).git_repository_url;
  const folder = facts['git_commit'] === undefined ? undefined : /^[\w.-]+(?= )/.exec(source)?.[0];
  const tree = (url === undefined ? undefined : treeOfUrl(url)) ?? folder;
  return { tree, branch: facts['git_branch'], name: facts['git_describe'] };
}

/**
 * The dashboard tells checkouts by tree, URL, branch and commit, and not by patches. So those of a patched kernel have
 * a branch of their own, which is the same every night.
 */
function branchOf(job: JobResult, branch: string | undefined): string | undefined {
  const isPatched = (patchset(job.facts).patchset_hash ?? '') !== '';
  return isPatched ? `${branch ?? ''}+${job.kernel}` : branch;
}

function checkoutOf(job: JobResult, context: KcidbContext, source: KcidbSource): KcidbCheckout {
  const { run, origin, idOf, options } = context;
  const wrong = job.decidedBy === 'input';
  const known = originOf(job.facts);
  const patches = resourcesOf(job, context, source.patches);
  return {
    id: idOf('checkout', job.kernel),
    origin,
    ...optional('tree_name', options.treeName ?? known.tree),
    ...repository(job.facts),
    ...optional('git_repository_branch', branchOf(job, options.branch ?? known.branch)),
    ...commit(job.facts),
    ...optional('git_commit_name', known.name),
    ...patchset(job.facts),
    ...(patches.length > 0 && { patchset_files: patches }),
    ...optional('comment', job.facts['kernel_source'] ?? job.kernel),
    ...time(run.startedAt),
    valid: !wrong,
    ...(wrong ? excerptOf(source.buildTail || job.reason) : {}),
    misc: { kernel: cleanLine(job.kernel), patches: cleanLine(job.facts['kernel_patches'] ?? '') },
  };
}

interface Kernel {
  readonly job: JobResult;
  readonly checkout: string;
}

function buildOf(
  { job, checkout }: Kernel,
  context: KcidbContext,
  source: KcidbSource,
): KcidbBuild {
  const { run, origin } = context;
  const failed = job.decidedBy === 'build';
  const milliseconds = job.timesMs['build'];
  const urlOf = (name: string): string | undefined =>
    resourcesOf(
      job,
      context,
      source.files.filter((file) => file === name),
    )[0]?.url;
  return {
    id: context.buildIdOf(job),
    origin,
    checkout_id: checkout,
    architecture: architectureOfFacts(job.facts).kcidb,
    ...optional('compiler', job.facts['toolchain']),
    ...optional('config_name', job.facts['kernel_config']),
    ...optional('config_url', urlOf('config')),
    ...optional('log_url', urlOf('build.log')),
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

/** A kernel of a matrix is one build for each architecture. */
const buildOfJob = ({ kernel: name, facts }: JobResult): string => {
  const architecture = facts['kernel_architecture'];
  return kernelId({ name, ...(architecture !== undefined && { architecture }) });
};

/** The job that tells most of its kernel: one that got so far as to have facts. */
function kernelJobs(run: RunResult): readonly JobResult[] {
  const jobs = new Map<string, JobResult>();
  for (const job of run.jobs) {
    const name = buildOfJob(job);
    const known = jobs.get(name);
    const more = Object.keys(job.facts).length > Object.keys(known?.facts ?? {}).length;
    if (!known || more) jobs.set(name, job);
  }
  return [...jobs.values()];
}

/** Kernels of the same source and patches, built with other configs, are of one checkout: that of the first. */
function withCheckouts(jobs: readonly JobResult[], idOf: KcidbContext['idOf']): readonly Kernel[] {
  const first = new Map<string, string>();
  return jobs.map((job) => {
    const { git_commit: id, kernel_source: source, patchset_hash: hash } = job.facts;
    const isKnown = hash !== undefined && source !== undefined && job.decidedBy !== 'input';
    const key = isKnown ? `${id ?? source}\n${hash}` : job.kernel;
    const kernel = first.get(key) ?? job.kernel;
    first.set(key, kernel);
    return { job, checkout: idOf('checkout', kernel) };
  });
}

/**
 * A run as KCIDB v5.3 data. Kernels of one source and series are a checkout, each kernel is a build; a job and each of
 * its cases are tests under `kvm.busy_guest`; a fault that the job matrix lists as known and a FAIL that it expects are
 * incidents. The same run gives the same ids, so that submitting twice changes nothing.
 */
export function kcidbReport(
  run: RunResult,
  sources: Readonly<Record<string, KcidbSource>>,
  options: KcidbOptions = {},
): KcidbReport {
  const { origin = defaultOrigin } = options;
  // Labs may share an origin and start in the same second; the times in the results differ.
  const digest = createHash('sha256').update(renderResultsJson(run)).digest('hex').slice(0, 12);
  const idOf = (...parts: readonly string[]): string =>
    `${origin}:${[run.run, digest, ...parts].map(cleanLine).join('/')}`;
  const buildIdOf = (job: JobResult): string => idOf('build', buildOfJob(job));
  const context: KcidbContext = { run, origin, options, idOf, buildIdOf };
  const known = new Map(Object.entries(sources));
  const sourceOf = (job: JobResult): KcidbSource => known.get(job.name) ?? noSource;
  const kernels = withCheckouts(
    kernelJobs(run).filter(({ decidedBy }) => decidedBy !== 'device'),
    idOf,
  );
  const built = kernels.filter(({ job }) => job.decidedBy !== 'input');
  const names = new Set(built.map(({ job }) => buildOfJob(job)));
  const tested = run.jobs.filter((job) => names.has(buildOfJob(job)) && job.decidedBy !== 'build');
  const occurred = tested.flatMap((job) => [
    knownFaultsOf(job, sourceOf(job), context),
    expectedFailuresOf(job, context),
  ]);
  return {
    version: { major: 5, minor: 3 },
    checkouts: kernels
      .filter(({ job, checkout }) => checkout === idOf('checkout', job.kernel))
      .map(({ job }) => checkoutOf(job, context, sourceOf(job))),
    builds: built.map((kernel) => buildOf(kernel, context, sourceOf(kernel.job))),
    tests: byId(tested.flatMap((job) => testsOf(job, context, sourceOf(job)))),
    issues: byId(occurred.flatMap(({ issues }): readonly KcidbIssue[] => issues)),
    incidents: byId(occurred.flatMap(({ incidents }) => incidents)),
  };
}

/** kcidb.json of a run's folder. @param dir the run's folder */
export async function renderKcidb(
  run: RunResult,
  dir: string,
  options: KcidbOptions = {},
): Promise<string> {
  const sources: Record<string, KcidbSource> = {};
  for (const job of run.jobs) sources[job.name] = await readKcidbSource(dir, job);
  return `${JSON.stringify(kcidbReport(run, sources, options), undefined, 2)}\n`;
}
