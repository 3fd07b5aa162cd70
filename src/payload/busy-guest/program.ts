// SPDX-License-Identifier: MIT
import type { TestProgram } from '../test-program.js';
import { judging } from './judging.js';
import { machine } from './machine.js';
import { matrix } from './matrix.js';
import { parametersSchema, type BusyGuestParameters } from './parameters.js';
import { reporting } from './reporting.js';

/** Does a CPU-bound KVM guest stay within its cgroup's cpu.max? The C program is guest-images/busy-guest/. */
export const busyGuest = {
  name: 'busy-guest',
  matrix,
  parameters: parametersSchema,
  machine,
  judging,
  reporting,
} satisfies TestProgram<BusyGuestParameters>;
