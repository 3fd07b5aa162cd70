// SPDX-License-Identifier: MIT
import type { Pattern } from './job.js';

/** The facts by which a test program says which path of the kernel it ran on (guest-images/busy-guest/facts.c). */
export const pathFacts = ['platform', 'mmu', 'cpu', 'nested_api', 'kvm'] as const;
export type PathFact = (typeof pathFacts)[number];

/** What a device promises of them: the path that it is there to test. */
export type Promised = Readonly<Partial<Record<PathFact, Pattern>>>;
