// SPDX-License-Identifier: MIT

/** busyguest's version, as package.json has it. */
export const version = '0.2.0';
