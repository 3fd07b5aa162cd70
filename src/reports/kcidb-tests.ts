// SPDX-License-Identifier: MIT
import type { CaseResult, Fault, JobResult, Metric, RunResult } from '../model/result.js';
import { programOf } from '../payload/registry.js';
import { signatureOf } from '../verdict/signatures.js';
import type { KcidbOptions } from './kcidb-options.js';
import type { KcidbSource } from './kcidb-source.js';
import type { KcidbNumber, KcidbResource, KcidbTest } from './kcidb-types.js';
import type { Status } from '../model/status.js';
import { cleanLine, cleanText, clip, tailBytes } from './text.js';
import { factsByOwner } from './facts.js';

/** What all objects of a submission share. */
export interface KcidbContext {
  readonly run: RunResult;
  readonly origin: string;
  readonly options: KcidbOptions;
  /** Id of the build that made a kernel. */
  readonly buildIdOf: (job: JobResult) => string;
  /** An id of this run, made of names. */
  readonly idOf: (...parts: readonly string[]) => string;
}

const maxExcerpt = 16_384;

/** A level of a KCIDB path. */
const level = (name: string): string => cleanLine(name).replace(/[^a-zA-Z0-9_-]/g, '_') || '_';

// The test that is called as its program is the root; another is a branch of it.
function pathOf(job: JobResult): string {
  const { name, reporting } = programOf(job);
  return job.test === name ? reporting.kcidbPath : `${reporting.kcidbPath}.${level(job.test)}`;
}

const compatiblePattern = /^[^ \0]+$/;

/** The machine; `compatible` only where the payload read it from the device tree. Other facts carry their owner. */
function environmentOf(job: JobResult): KcidbTest['environment'] {
  const { device } = job;
  const compatible = (job.payloadFacts?.['compatible'] ?? '').split(/\s+/).map(cleanLine);
  const usable = compatible.filter((one) => compatiblePattern.test(one));
  return {
    ...(usable.length > 0 ? { compatible: usable } : {}),
    comment: cleanLine(device),
    misc: Object.fromEntries([
      // What the dashboard calls a piece of hardware.
      ['platform', cleanLine(device)],
      ...factsByOwner(job).flatMap(([owner, facts]) =>
        Object.entries(facts).map(([name, value]) => [
          `${owner}.${cleanLine(name)}`,
          clip(cleanLine(value), 2000),
        ]),
      ),
    ]) as Record<string, string>,
  };
}

function faultText({ class: name, phase, title, lines }: Fault): string {
  const shown = lines.slice(0, 100).map((line) => clip(line, 500));
  return [`${name} in phase ${phase}: ${clip(title, 500)}`, ...shown].join('\n');
}

/** Faults first, else the end of the console where the job went wrong. */
function excerptOf(job: JobResult, source: KcidbSource): { readonly log_excerpt?: string } {
  const wrong = job.status !== 'PASS' && job.status !== 'SKIP';
  const text = job.faults.length > 0 ? job.faults.map(faultText).join('\n\n') : source.consoleTail;
  if (!wrong || text.trim() === '') return {};
  const clean = cleanText(text);
  const bounded = job.faults.length > 0 ? clip(clean, maxExcerpt) : tailBytes(clean, maxExcerpt);
  return { log_excerpt: bounded };
}

const startOf = ({ startedAt }: RunResult): { readonly start_time?: string } =>
  Number.isNaN(Date.parse(startedAt)) ? {} : { start_time: new Date(startedAt).toISOString() };

// Seconds without a prefix: receivers scale them, and compare them with those of other tests.
function numberOf({ value, unit }: Metric): KcidbNumber {
  if (unit === 'us') return { value: value / 1_000_000, unit: 's', prefix: 'metric' };
  if (unit === 'ratio' || unit === 'count') return { value };
  return { value, unit: cleanLine(unit) };
}

/** What a case measured: its ratio, or else its first metric, is the number it is about; all stand beside it. */
function measured({ metrics }: CaseResult): Pick<KcidbTest, 'number' | 'misc'> {
  const usable = metrics.filter(({ value }) => Number.isFinite(value));
  const main = usable.find(({ unit }) => unit === 'ratio') ?? usable[0];
  if (main === undefined) return { misc: {} };
  const all = usable.map(({ name, value, unit }) => [cleanLine(name), { value, unit }] as const);
  return { number: numberOf(main), misc: { metrics: Object.fromEntries(all) } };
}

/** Where the files of a job are published, in KCIDB's form. */
export function resourcesOf(
  job: JobResult,
  { run, options }: Pick<KcidbContext, 'run' | 'options'>,
  names: readonly string[],
): readonly KcidbResource[] {
  const { baseUrl } = options;
  if (baseUrl === undefined) return [];
  const dir = [
    baseUrl,
    ...[run.run, job.name].map((part) => encodeURIComponent(cleanLine(part))),
  ].join('/');
  return names.map((name) => ({ name, url: `${dir}/${encodeURIComponent(name)}` }));
}

/** A case or a whole job, of which there is one in a run. */
export const testId = ({ idOf }: KcidbContext, job: JobResult, ...names: string[]): string =>
  idOf('test', job.name, ...names);

/** A job and its cases as KCIDB tests. Ids of equal names are the caller's to join. */
export function testsOf(
  job: JobResult,
  context: KcidbContext,
  source: KcidbSource,
): readonly KcidbTest[] {
  const { run, origin, buildIdOf } = context;
  const path = pathOf(job);
  const published = resourcesOf(job, context, source.files);
  const log = published.find(({ name }) => name === 'console.log')?.url;
  const common = {
    origin,
    build_id: buildIdOf(job),
    environment: environmentOf(job),
    ...startOf(run),
    ...(log === undefined ? {} : { log_url: log }),
  };
  const test = (names: readonly string[], status: Status, comment: string) => ({
    ...common,
    id: testId(context, job, ...names),
    path: [path, ...names.map(level)].join('.'),
    status,
    ...(comment === '' ? {} : { comment: clip(cleanLine(comment), 1000) }),
  });
  const milliseconds = job.timesMs['test'];
  const whole: KcidbTest = {
    ...test([], job.status, job.reason),
    ...excerptOf(job, source),
    ...(milliseconds === undefined ? {} : { duration: milliseconds / 1000 }),
    ...(published.length === 0 ? {} : { output_files: published }),
    misc: miscOf(job),
  };
  const cases = job.cases.map((one): KcidbTest => ({
    ...test([one.name], one.status, one.reason ?? ''),
    ...measured(one),
  }));
  return [whole, ...cases];
}

function miscOf(job: JobResult): KcidbTest['misc'] {
  const { name, means, look, known } = signatureOf(job) ?? {};
  return {
    expected: job.expect,
    as_expected: job.asExpected,
    decided_by: job.decidedBy,
    ...(name !== undefined && {
      signature: { name, means, look, ...(known !== undefined && { known }) },
    }),
    faults: job.faults.map(({ class: name, title, phase }) => ({
      class: cleanLine(name),
      title: clip(cleanLine(title), 500),
      phase,
    })),
  };
}
