// SPDX-License-Identifier: MIT
import type { Boot } from './device.js';

/** What the kernel does not know it hands to init as its environment: see guest-images/init/init.c. */
const variable = 'BUSYGUEST_BOOT=';

/** The word of the kernel command line that tells init which boot this is. */
export const bootIdWord = (id: string): string => `${variable}${id}`;

/** The id that the payload's first and last line must have; undefined for a boot that was given none. */
export function bootIdOf({ commandLine }: Pick<Boot, 'commandLine'>): string | undefined {
  // The kernel takes the last one, too.
  return commandLine.findLast((word) => word.startsWith(variable))?.slice(variable.length);
}
