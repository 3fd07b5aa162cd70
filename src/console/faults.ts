// SPDX-License-Identifier: MIT
import type { FaultPattern } from './fault-pattern.js';
import { crash, lockdep, lockups, sanitizers, warnings } from './kernel-faults.js';
import { kvm, machine } from './machine-faults.js';

export type { FaultPattern } from './fault-pattern.js';

/** Every fault that busyguest knows. The specific come before the general: `BUG: KASAN` before `BUG: `. */
export const faultPatterns: readonly FaultPattern[] = [
  ...crash,
  ...sanitizers,
  ...lockups,
  ...lockdep,
  ...warnings,
  ...kvm,
  ...machine,
];

/** First line that a firmware prints after a reset. Seen again, the machine was reset. */
export const firmwareBanners: readonly { readonly name: string; readonly pattern: RegExp }[] = [
  { name: 'SLOF', pattern: /^SLOF \*{10}/ },
  { name: 'skiboot', pattern: /^OPAL \S+ starting\.\.\./ },
  { name: 'hostboot', pattern: /^--== Welcome to Hostboot / },
];
