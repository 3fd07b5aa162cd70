// SPDX-License-Identifier: MIT

/** The guest of a real QEMU: one that is nothing but a loop, or the kernel under test with an init that counts. */
export const vmmGuests = ['bare', 'linux'] as const;
export type VmmGuest = (typeof vmmGuests)[number];

/** What the initramfs of a test holds, besides init and the kernel's modules; src/images/ makes it. */
export interface ImageRecipe {
  /** The program of guest-images/ that init starts. */
  readonly program: string;
  /** A QEMU with this guest. */
  readonly vmm?: VmmGuest;
}
