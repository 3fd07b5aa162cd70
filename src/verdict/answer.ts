// SPDX-License-Identifier: MIT
import type { Judgement } from '../model/result.js';

/**
 * Whether a job says what the kernel does with a limit: PASS, or a FAIL by the test's own cases, of the guest or of
 * the plain loop. A panic or a kernel that does not compile says something else, an ERROR nothing.
 */
export function isAnswer({ status, decidedBy }: Judgement): boolean {
  return status === 'PASS' || breaksLimit({ status, decidedBy });
}

/** The kernel does not keep the limit of a guest (`cases`), or of any task (`scheduler`). */
export function breaksLimit({
  status,
  decidedBy,
}: Pick<Judgement, 'status' | 'decidedBy'>): boolean {
  return status === 'FAIL' && (decidedBy === 'cases' || decidedBy === 'scheduler');
}
