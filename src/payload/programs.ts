// SPDX-License-Identifier: MIT
// Every test program, a line each.
export { busyGuest } from './busy-guest/program.js';
export { kselftest } from './kselftest/program.js';
export { kunit } from './kunit/program.js';
