// SPDX-License-Identifier: MIT
import type { CaseResult } from '../model/result.js';
import type { KtapCase, KtapDocument } from './reader.js';
import { readRemark, type Remark } from './remark.js';
import { combine } from './result-status.js';

/**
 * The cases of a document as a flat list: `parent/child` names, made unique by ` (2)`, in the order of the log.
 * A parent is listed only where its status says more than its subtests': FAIL with all of them passed, for instance.
 * A `Bail out!` becomes an ERROR case, a document that was skipped as a whole a SKIP case.
 */
export function flatten(document: KtapDocument): CaseResult[] {
  const flat: CaseResult[] = [];
  const used = new Map<string, number>();
  const add = (wanted: string, one: Omit<CaseResult, 'name'>): void => {
    flat.push({ name: unique(wanted, used), ...one });
  };
  const visit = (one: KtapCase): void => {
    for (const child of one.cases) visit(child);
    if (one.cases.length > 0 && isImplied(one)) return;
    const remarks = one.diagnostics.map((text) => readRemark(text.replace(runners, '')));
    const told = one.status === 'PASS' ? undefined : remarks.findLast(isReason)?.reason;
    const reason = one.reason ?? told;
    add([...one.path, one.name].join('/'), {
      status: one.status,
      ...(reason === undefined ? {} : { reason }),
      metrics: remarks.filter(isMetric).map(({ metric }) => metric),
    });
  };
  for (const one of document.cases) visit(one);
  if (document.bailOut !== undefined) {
    add('Bail out!', { status: 'ERROR', reason: document.bailOut, metrics: [] });
  }
  if (document.skipAll !== undefined && flat.length === 0) {
    add('all', { status: 'SKIP', reason: document.skipAll, metrics: [] });
  }
  return flat;
}

function isImplied(parent: KtapCase): boolean {
  if (parent.status === 'PASS' || parent.status === 'SKIP') return true;
  // What never came of a test that ended early stands for it.
  if (parent.status === 'MISS') return parent.cases.some(({ status }) => status === 'MISS');
  return parent.status === combine(parent.cases);
}

/** `used`: how often each name was wanted so far. */
function unique(wanted: string, used: Map<string, number>): string {
  let count = used.get(wanted) ?? 0;
  let name = wanted;
  while (used.has(name)) {
    count += 1;
    name = `${wanted} (${count})`;
  }
  used.set(wanted, Math.max(count, 1));
  if (name !== wanted) used.set(name, 1);
  return name;
}

/** What kselftest's runner puts before each line of a test's own output, once for each level. */
const runners = /^(?:# )+/;

type Told<Kind> = Extract<Remark, { kind: Kind }>;
const isMetric = (remark: Remark): remark is Told<'metric'> => remark.kind === 'metric';
const isReason = (remark: Remark): remark is Told<'reason'> => remark.kind === 'reason';
