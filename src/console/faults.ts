// SPDX-License-Identifier: MIT
import { architectures } from '../architectures/architectures.js';
import type { FaultPattern } from '../model/fault-pattern.js';
import { crash, kvm, lockdep, lockups, sanitizers, timers, warnings } from './kernel-faults.js';

const of = (kind: 'crash' | 'lockups' | 'kvm' | 'machine'): readonly FaultPattern[] =>
  architectures.flatMap(({ faults }) => faults[kind]);

/**
 * Every fault that busyguest knows, on whichever architecture. The specific come before the general: `BUG: KASAN` before
 * `BUG: `.
 */
export const faultPatterns: readonly FaultPattern[] = [
  ...crash,
  ...of('crash'),
  ...sanitizers,
  ...lockups,
  ...of('lockups'),
  ...lockdep,
  ...warnings,
  ...timers,
  ...kvm,
  ...of('kvm'),
  ...of('machine'),
];

/** First line that a firmware prints after a reset. Seen again, the machine was reset. */
export const firmwareBanners: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'SLOF', pattern: /^SLOF \*{10}/ },
  { name: 'skiboot', pattern: /^OPAL \S+ starting\.\.\./ },
  { name: 'hostboot', pattern: /^--== Welcome to Hostboot / },
];
