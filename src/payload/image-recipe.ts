// SPDX-License-Identifier: MIT

/** The guest of a real QEMU: one that is nothing but a loop, or the kernel under test with an init that counts. */
export const vmmGuests = ['bare', 'linux'] as const;
export type VmmGuest = (typeof vmmGuests)[number];

/** What the initramfs of a test holds, besides init and the kernel's modules; src/images/ makes it. */
export type ImageRecipe =
  /** A program of guest-images/ that init starts. */
  | { readonly kind: 'program'; readonly program: string }
  /** The same with a QEMU for this guest. */
  | { readonly kind: 'vmm'; readonly program: string; readonly guest: VmmGuest }
  /** Selftests of the tree that the kernel is built from, as COLLECTION or COLLECTION:TEST. */
  | { readonly kind: 'selftests'; readonly tests: readonly string[] };

/** The program in the initramfs that every kernel has. */
export const usualProgram = 'busy-guest';

/** Its name in every initramfs, whatever it is: init starts what has this name (guest-images/init/init.c). */
export const initStarts = 'busy-guest';

/** The same for the same recipe. */
export const recipeKey = (recipe: ImageRecipe): string => JSON.stringify(recipe);
