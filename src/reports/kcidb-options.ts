// SPDX-License-Identifier: MIT
import { UsageError } from '../model/errors.js';
import { parseBaseUrl } from './base-url.js';

/** The name under which results are submitted when none is given; a lab takes its own. */
export const defaultOrigin = 'busyguest';

/** What a submission says beyond what the run knows. */
export interface KcidbOptions {
  /** Name of the CI system: small letters, digits, underscores. */
  readonly origin?: string;
  /** Name of the tree, where its repository does not tell. */
  readonly treeName?: string;
  /** Branch of the tree, where the repository has a detached HEAD. */
  readonly branch?: string;
  /** Where the folder of all runs is published, without a slash at its end. */
  readonly baseUrl?: string;
}

/** The options as the command line has them. Throws UsageError. */
export function parseKcidbOptions(given: KcidbOptions): KcidbOptions {
  const { origin, treeName, branch, baseUrl } = given;
  if (origin !== undefined && !/^[a-z0-9_]+$/.test(origin)) {
    throw new UsageError(`--origin ${origin}: small letters, digits and underscores are needed`);
  }
  for (const [option, name] of [
    ['--tree-name', treeName] as const,
    ['--branch', branch] as const,
  ]) {
    if (name !== undefined && !/^[\w./+-]+$/.test(name)) {
      throw new UsageError(`${option} ${name}: letters, digits and ./+-_ are allowed`);
    }
  }
  return baseUrl === undefined ? given : { ...given, baseUrl: parseBaseUrl(baseUrl) };
}
