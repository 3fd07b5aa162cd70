// SPDX-License-Identifier: MIT
import { prePullDevices, usualTest, type MatrixInput } from './generator.js';

/** A base and the patches on top of it. */
export interface PrePullOptions {
  /** Source of the base. */
  readonly source: string;
  /** Patch files, folders or mailboxes, in order. */
  readonly series: readonly string[];
  /** A kernel after every entry of the series, not only after the last. */
  readonly each?: boolean;
  readonly devices?: readonly string[];
  /** Selftests of the tree that are run too, COLLECTION or COLLECTION:TEST. */
  readonly kselftest?: readonly string[];
}

/** The base, and the base with the series: does the series keep, mend or break the limit? */
export function prePull({
  source,
  series,
  each,
  devices,
  kselftest = [],
}: PrePullOptions): MatrixInput {
  const steps = each ? series.map((_, index) => series.slice(0, index + 1)) : [series];
  const patched = steps.map((patches, index) => ({
    name: each ? `patch-${index + 1}` : 'patched',
    source,
    patches: [...patches],
    base: 'base',
  }));
  return {
    name: 'check',
    kernels: [{ name: 'base', source }, ...patched],
    devices: [...(devices ?? prePullDevices)],
    tests: [
      usualTest,
      ...(kselftest.length > 0 ? [{ name: 'kselftest', kselftest: [...kselftest] }] : []),
    ],
  };
}
