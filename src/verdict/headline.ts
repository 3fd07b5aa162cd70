// SPDX-License-Identifier: MIT
import type { PairVerdict, RunResult } from '../model/result.js';
import { programOf } from '../payload/registry.js';
import { missingEntries } from './missing-entries.js';
import { summarizeKernels, type KernelSummary } from './kernel-summary.js';
import { isRelative } from './relative.js';

/** The result of a run without what a headline does not need. */
export type Told = Pick<RunResult, 'jobs' | 'verdicts' | 'overall' | 'interrupted'>;

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

/** All kernels are the same version, so it is said once. One whose name has a part of it says it beside its name. */
function sharedIdentity(kernels: readonly KernelSummary[]): string {
  const all = unique(kernels.map(({ identity }) => identity));
  const [only] = kernels;
  if (all.length !== 1 || !only) return '';
  return kernels.length === 1 && unsaid(only) !== only.identity ? '' : only.identity;
}

/** What a kernel's name does not say of its version: names are made of packages' names (`+` is none of their letters). */
function unsaid({ kernel, identity }: KernelSummary): string {
  const spelt = (word: string): string => `-${word.toLowerCase().replace(/[^a-z0-9._-]+/g, '-')}-`;
  const [name = '', ...rest] = identity.split(' ');
  if (name === '' || !spelt(kernel).startsWith(spelt(name))) return identity;
  return rest.filter((word) => !spelt(kernel).includes(spelt(word))).join(' ');
}

/** A kernel by name and, where they differ in it, by version or commit. */
function labelOf(summary: KernelSummary, shared: string): string {
  const { kernel, identity } = summary;
  const more = unsaid(summary);
  if (more === '' || shared !== '') return kernel;
  return more === identity ? `${kernel} (${identity})` : `${kernel} ${more}`;
}

/** Names of cases that a verdict does not imply, by test where there are several. */
function beside(pairs: readonly PairVerdict[], overall: string): readonly string[] {
  const tests = unique(pairs.map(({ test }) => test));
  const named = (word: string, kind: 'newlyBroken' | 'stillBroken'): readonly string[] =>
    tests.flatMap((test) => {
      const own = pairs.filter((pair) => pair.test === test);
      const names = unique(own.flatMap((pair) => pair[kind] ?? []));
      const more = names.length - 2;
      const shown = names.slice(0, 2).join(', ');
      const place = tests.length > 1 ? ` in ${test}` : '';
      return names.length > 0
        ? [`${word}${place}: ${shown}${more > 0 ? ` and ${more} more` : ''}`]
        : [];
    });
  return [
    ...named('newly broken', 'newlyBroken'),
    ...(overall === 'fixed' ? named('still broken', 'stillBroken') : []),
  ];
}

/** What a tree's own selftests say beside another test, which the kernel's phrase is about. */
function ofSelftests(pairs: readonly PairVerdict[], jobs: Told['jobs']): readonly string[] {
  const tests = unique(jobs.filter(isRelative).map(({ test }) => test));
  if (tests.length === 0 || jobs.every(isRelative)) return [];
  return tests.flatMap((test) => {
    const words = unique(pairs.filter((pair) => pair.test === test).map(({ verdict }) => verdict));
    return words.length === 0 ? [] : [`${test}: ${words.join(', ')}`];
  });
}

/** Of kernels that add one patch after the other, the first with which the limit is kept. */
export function firstThatMends(run: Pick<Told, 'verdicts' | 'overall'>): string | undefined {
  const each = unique(run.verdicts.map(({ patched }) => patched));
  if (run.overall !== 'fixed' || each.length < 2) return undefined;
  const isFixed = (kernel: string): boolean =>
    run.verdicts.every(({ patched, verdict }) => patched !== kernel || verdict === 'fixed');
  return each.find(isFixed);
}

function ofPairs(run: Told, kernels: readonly KernelSummary[], shared: string): string {
  const patched = run.verdicts.at(-1)?.patched;
  const base = run.verdicts.at(-1)?.base;
  const said = kernels
    .filter(({ kernel }) => kernel === patched || kernel === base)
    .sort((a, b) => Number(b.kernel === patched) - Number(a.kernel === patched))
    .map((one) => `${labelOf(one, shared)} ${one.phrase}`);
  const pairs = run.verdicts.filter((pair) => pair.patched === patched);
  const lacks = missingEntries(run, patched ?? '').map((entry) => `not mended: ${entry}`);
  const first = firstThatMends(run);
  const mends = first === undefined ? [] : [`${first} is the first patch that mends it`];
  const selftests = ofSelftests(pairs, run.jobs);
  const more = [...mends, ...lacks, ...selftests, ...beside(pairs, run.overall)];
  return `${run.overall}: ${[...said, ...more].join('; ')}`;
}

const breaks = ({ effect }: KernelSummary): boolean =>
  effect === 'breaks' || effect === 'scheduler';
const keeps = ({ effect }: KernelSummary): boolean => effect === 'keeps' || effect === 'beside';

/** A row of kernels, oldest first: the first that breaks the limit, those that keep it, and the rest. */
function ofRow(kernels: readonly KernelSummary[], shared: string): string {
  const label = (one: KernelSummary): string => labelOf(one, shared);
  const [only, second] = kernels;
  if (only && !second) return `${label(only)} ${only.phrase}`;
  const first = kernels.findIndex(breaks);
  const bad = kernels.filter(breaks).slice(1);
  const good = kernels.filter(({ effect }) => effect === 'keeps');
  const rest = kernels.filter((one) => !breaks(one) && !good.includes(one));
  const phrases = programOf(only?.jobs[0] ?? {}).reporting.phrases;
  const many = (some: readonly KernelSummary[], one: string, more: string, end = ''): string[] =>
    some.length === 0
      ? []
      : [`${some.map(label).join(', ')} ${some.length === 1 ? one : more}${end}`];
  const parts: string[] = [];
  const [culprit] = kernels.slice(first);
  if (first >= 0 && culprit) {
    const before = kernels.slice(0, first).some(keeps);
    const how = before && kernels.length > 2 ? 'is the first here that ' : '';
    parts.push(`${label(culprit)} ${how}${culprit.phrase}`);
  }
  parts.push(...many(bad, phrases.breaks, phrases.breaksMany, ' too'));
  if (good.length === kernels.length)
    parts.push(`all ${phrases.keepsMany}: ${good.map(label).join(', ')}`);
  else parts.push(...many(good, phrases.keeps, phrases.keepsMany));
  parts.push(...rest.map((one) => `${label(one)} ${one.phrase}`));
  return parts.join('; ');
}

/**
 * What a run found out, in one sentence: the terminal's last line, the title of the page, the first line of
 * the mail and of Markdown, and `headline` of results.json. May hold text of a console: each report cleans it.
 */
export function headlineOf(run: Told): string {
  const { jobs } = run;
  const done = jobs.filter(({ decidedBy }) => decidedBy !== 'interrupted');
  if (run.interrupted && done.length < jobs.length) return interruptedHeadline(done, jobs.length);
  const own = jobs.filter((job) => !isRelative(job));
  const kernels = summarizeKernels(own.length > 0 ? own : jobs);
  const shared = sharedIdentity(kernels);
  const said =
    kernels.length === 0
      ? 'nothing was tested'
      : run.verdicts.length > 0
        ? ofPairs(run, kernels, shared)
        : ofRow(kernels, shared);
  const suffix = shared === '' || kernels.length === 0 ? '' : ` (${shared})`;
  return `${run.interrupted ? 'interrupted: ' : ''}${said}${suffix}`;
}

/** What the jobs say that had ended; a pair with one kernel says nothing. */
function interruptedHeadline(done: Told['jobs'], all: number): string {
  const count = `interrupted: ${done.length} of ${all} jobs done`;
  if (done.length === 0) return count;
  const rest = { jobs: done, verdicts: [], overall: 'none', interrupted: false } as const;
  return `${count}: ${headlineOf(rest)}`;
}
