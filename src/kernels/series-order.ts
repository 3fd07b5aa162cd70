// SPDX-License-Identifier: MIT
import { JobError } from '../model/errors.js';
import { hasDiff, type Mail } from './mbox.js';

/** What the brackets before a subject say: `[RFC PATCH v2 3/7] title`. */
export interface SubjectTags {
  /** 1 where none is named. */
  readonly version: number;
  /** Place in the series; 0 is the cover letter. Undefined for a patch that stands alone. */
  readonly n?: number;
  readonly m?: number;
  readonly title: string;
}

interface Numbered extends SubjectTags {
  readonly mail: Mail;
  readonly n: number;
  readonly m: number;
}

const reply = /^\s*(?:re|aw|sv|antw|fwd?)(?:\[\d+\])?\s*:/i;

/** Reads the tags of a subject. */
export function subjectTags(subject: string): SubjectTags {
  const brackets = /^\s*(?:\[[^\]]*\]\s*)*/.exec(subject)?.[0] ?? '';
  const words = brackets.replace(/[[\],]/g, ' ');
  const version = /(?:^|\s|patch|rfc)v(\d{1,3})(?=\s|$)/i.exec(words)?.[1];
  const place = /(?:^|\s)(\d{1,4})\/(\d{1,4})(?=\s|$)/.exec(words);
  return {
    version: Number(version ?? 1),
    ...(place && { n: Number(place[1]), m: Number(place[2]) }),
    title: subject.slice(brackets.length).trim(),
  };
}

/**
 * The patches among mails, in the order in which they apply: replies, cover letters and mails
 * without a diff are left out; of a series that is there in several versions the last is taken.
 * `where` names the mails in errors. Throws JobError: no patch, one missing, two series.
 */
export function orderSeries(mails: readonly Mail[], where: string): Mail[] {
  const own = withoutCopies(mails).filter(({ subject }) => !reply.test(subject));
  const numbered: Numbered[] = [];
  const alone: { readonly mail: Mail; readonly tags: SubjectTags }[] = [];
  for (const mail of own) {
    const tags = subjectTags(mail.subject);
    const { n, m } = tags;
    if (n !== undefined && m !== undefined) numbered.push({ ...tags, n, m, mail });
    else if (hasDiff(mail.text)) alone.push({ mail, tags });
  }
  const series = latestSeries(numbered, where);
  const thread = new Set(numbered.flatMap(({ mail }) => mail.messageId ?? []));
  const kept = alone
    // A follow-up to the series that says "on top of that one could" is no part of it.
    .filter(({ mail }) => !mail.answers.some((id) => thread.has(id)))
    .filter(({ tags }) => !alone.some(({ tags: other }) => supersedes(other, tags)))
    .map(({ mail }) => mail);
  const first = series[0];
  const before = first ? kept.filter((mail) => own.indexOf(mail) < own.indexOf(first)) : [];
  const ordered = [...before, ...series, ...kept.filter((mail) => !before.includes(mail))];
  if (ordered.length === 0) throw refuse(where, 'no patch in it', 'mails with a diff are needed');
  return ordered;
}

const supersedes = (a: SubjectTags, b: SubjectTags): boolean =>
  a.title !== '' && a.title === b.title && a.version > b.version;

// A list archive and one's own inbox give the same mail twice.
function withoutCopies(mails: readonly Mail[]): Mail[] {
  const seen = new Set<string>();
  return mails.filter(({ messageId, text }) => {
    const id = messageId ?? text;
    if (seen.has(id)) return false;
    seen.add(id);
    return true;
  });
}

function latestSeries(numbered: readonly Numbered[], where: string): Mail[] {
  const versions = [...new Set(numbered.map(({ version }) => version))].sort((a, b) => b - a);
  const groups = versions.map((version) => numbered.filter((one) => one.version === version));
  const isPatch = ({ n, mail }: Numbered): boolean => n > 0 && hasDiff(mail.text);
  // If only the cover letter of a newer version is here, the older version counts.
  const latest = groups.find((group) => group.some(isPatch));
  if (latest === undefined) return [];
  const stranger = groups.find(
    (group) => group !== latest && !groups.some((g) => g !== group && related(g, group)),
  );
  if (stranger !== undefined) throw twoSeries(where, latest, stranger);
  return complete(latest, where);
}

/** Two versions of one series share a patch or the cover's title, or one was sent as an answer to the other. */
function related(a: readonly Numbered[], b: readonly Numbered[]): boolean {
  const titles = new Set(a.map(({ title }) => title));
  if (b.some(({ title }) => titles.has(title))) return true;
  const ids = (group: readonly Numbered[]): Set<string> =>
    new Set(group.flatMap(({ mail }) => mail.messageId ?? []));
  const answers = (group: readonly Numbered[]): string[] =>
    group.flatMap(({ mail }) => mail.answers);
  const [idsA, idsB] = [ids(a), ids(b)];
  return answers(a).some((id) => idsB.has(id)) || answers(b).some((id) => idsA.has(id));
}

function complete(group: readonly Numbered[], where: string): Mail[] {
  const m = group[0]?.m ?? 0;
  const other = group.find((one) => one.m !== m);
  if (other !== undefined) throw twoSeries(where, group, [other]);
  const patches = new Map<number, Numbered>();
  for (const one of group) {
    if (one.n === 0 || !hasDiff(one.mail.text)) continue;
    const rival = patches.get(one.n);
    if (one.n > m) {
      throw refuse(where, `${one.n}/${m} ("${one.title}") is more than the series has`);
    }
    if (rival !== undefined) {
      throw refuse(where, `two patches are ${one.n}/${m}: "${rival.title}" and "${one.title}"`);
    }
    patches.set(one.n, one);
  }
  const missing = Array.from({ length: m }, (_, i) => i + 1).filter((n) => !patches.has(n));
  // A cover letter alone, or a pull request's "0/5".
  if (patches.size === 0) return [];
  if (missing.length > 0) throw lacks(where, group, m, missing);
  return [...patches].sort(([a], [b]) => a - b).map(([, { mail }]) => mail);
}

function lacks(
  where: string,
  group: readonly Numbered[],
  m: number,
  missing: readonly number[],
): JobError {
  const version = group[0]?.version ?? 1;
  const names = missing.map((n) => `${n}/${m}`).join(', ');
  const what = version > 1 ? `version ${version} of the series` : 'the series';
  return refuse(where, `${what} lacks ${names}`, '"b4 am" or "b4 mbox" fetches a whole series');
}

function twoSeries(where: string, a: readonly Numbered[], b: readonly Numbered[]): JobError {
  const name = (group: readonly Numbered[]): string => `"${group[0]?.mail.subject ?? ''}"`;
  return refuse(where, `two series: ${name(a)} and ${name(b)}`, 'give each by itself');
}

function refuse(where: string, what: string, hint?: string): JobError {
  return new JobError([{ message: `${where}: ${what}`, ...(hint !== undefined && { hint }) }]);
}
