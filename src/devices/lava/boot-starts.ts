// SPDX-License-Identifier: MIT

/**
 * What LAVA's log says when it starts the machine: the second action of every definition is the
 * boot, and from here on it is the machine's time.
 */
export const bootStarts = /^start: 2 /;
