// SPDX-License-Identifier: MIT
// Every test program, a line each.
export { busyGuest } from './busy-guest/program.js';
