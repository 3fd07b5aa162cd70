// SPDX-License-Identifier: MIT
import type { Artefact } from '../artefacts/artefact.js';
import type { Note } from '../commented-yaml.js';

/** What differs between the ways to boot. */
export interface BootActions {
  /** Job context: what LAVA's templates are filled with. */
  readonly context?: Readonly<Record<string, unknown>>;
  /**
   * LAVA's actions that may wait longer for a line than device types allow them: two minutes for a login, which is less
   * than many machines' firmware takes, and ten seconds in a test's shell.
   */
  readonly patient?: readonly ('auto-login-action' | 'lava-test-shell')[];
  readonly actions: readonly object[];
  readonly notes: readonly Note[];
}

/** LAVA's form of a duration; milliseconds are rounded up to seconds. */
export const duration = (ms: number): { readonly seconds: number } => ({
  seconds: Math.max(1, Math.ceil(ms / 1000)),
});

/** A file in a deploy action: LAVA refuses it when the checksum differs. */
export const fetched = ({ url, sha256 }: Artefact): { url: string; sha256sum: string } => ({
  url,
  sha256sum: sha256,
});
