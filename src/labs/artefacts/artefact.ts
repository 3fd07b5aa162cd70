// SPDX-License-Identifier: MIT

/** A file that a lab's workers fetch. */
export interface Artefact {
  /** What it is: `vmlinux`, `initramfs.cpio`. */
  readonly kind: string;
  /** Its published name: the kind and the beginning of its SHA-256. */
  readonly name: string;
  readonly url: string;
  /** Of the whole content, hex. */
  readonly sha256: string;
  readonly bytes: number;
}
