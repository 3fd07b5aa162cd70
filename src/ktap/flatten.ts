// SPDX-License-Identifier: MIT
import type { CaseResult, Metric } from '../model/result.js';
import type { KtapCase, KtapDocument } from './reader.js';
import { readRemark } from './remark.js';
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
    add([...one.path, one.name].join('/'), {
      status: one.status,
      ...(one.reason === undefined ? {} : { reason: one.reason }),
      metrics: metricsOf(one),
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
  return parent.status !== 'MISS' && parent.status === combine(parent.cases);
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

function metricsOf(one: KtapCase): Metric[] {
  return one.diagnostics.flatMap((text) => {
    const remark = readRemark(text);
    return remark.kind === 'metric' ? [remark.metric] : [];
  });
}
