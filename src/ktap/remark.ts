// SPDX-License-Identifier: MIT
import type { Metric, Sample } from '../model/result.js';

/** What a diagnostic line of busyguest's payload carries. `bad`: it begins like one and cannot be read. */
export type Remark =
  | { readonly kind: 'fact'; readonly key: string; readonly value: string }
  | { readonly kind: 'metric'; readonly metric: Metric }
  | { readonly kind: 'sample'; readonly sample: Sample }
  | { readonly kind: 'reason'; readonly reason: string }
  | { readonly kind: 'bad'; readonly text: string }
  | { readonly kind: 'plain' };

const pattern = {
  remark: /^(fact|metric|sample|reason): *([^]*)/,
  fact: /^([\w.:/-]{1,100})(?: +([^]*)|$)/,
  metric: /^([\w.-]{1,100}) +(-?\d{1,18}(?:\.\d{1,18})?) +([A-Za-z%/]{1,16})$/,
  field: /^([a-z_]+)=(\S+)$/,
  integer: /^-?\d{1,16}$/,
} as const;

/** Reads a diagnostic without its `# `: `fact: KEY text`, `metric: NAME VALUE UNIT`, `sample: k=v ...`, `reason: text`. */
export function readRemark(text: string): Remark {
  const match = pattern.remark.exec(text);
  if (!match) return { kind: 'plain' };
  const body = (match[2] ?? '').trimEnd();
  switch (match[1]) {
    case 'fact':
      return readFact(body) ?? { kind: 'bad', text };
    case 'metric':
      return readMetric(body) ?? { kind: 'bad', text };
    case 'sample':
      return readSample(body) ?? { kind: 'bad', text };
    default:
      return { kind: 'reason', reason: body };
  }
}

function readFact(body: string): Remark | undefined {
  const match = pattern.fact.exec(body);
  return match?.[1] === undefined
    ? undefined
    : { kind: 'fact', key: match[1], value: (match[2] ?? '').slice(0, 1000) };
}

function readMetric(body: string): Remark | undefined {
  const [, name, value, unit] = pattern.metric.exec(body) ?? [];
  if (name === undefined || value === undefined || unit === undefined) return undefined;
  return { kind: 'metric', metric: { name, value: Number(value), unit } };
}

/** `phase=run t=100000 usage=30512 periods=1 throttled=1 throttled_us=69000 [runtime_ns=-5]`, in any order. */
function readSample(body: string): Remark | undefined {
  const fields = new Map<string, string>();
  for (const word of body.split(/ +/)) {
    const [, key, value] = pattern.field.exec(word) ?? [];
    if (key === undefined || value === undefined || fields.has(key)) return undefined;
    fields.set(key, value);
  }
  const integer = (key: string): number => {
    const value = fields.get(key);
    return value !== undefined && pattern.integer.test(value) ? Number(value) : NaN;
  };
  const phase = fields.get('phase');
  if (phase === undefined) return undefined;
  const sample: Sample = {
    phase,
    tUs: integer('t'),
    usageUs: integer('usage'),
    periods: integer('periods'),
    throttled: integer('throttled'),
    throttledUs: integer('throttled_us'),
    ...(fields.has('runtime_ns') ? { runtimeRemainingNs: integer('runtime_ns') } : {}),
  };
  return Object.values(sample).some(Number.isNaN) ? undefined : { kind: 'sample', sample };
}
