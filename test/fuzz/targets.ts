// SPDX-License-Identifier: MIT
import { consoleTarget, disturbedTarget, ktapTarget } from './console-targets.js';
import { folderTargets } from './folder-targets.js';
import { labTargets } from './lab-targets.js';
import { archiveTargets, jobsTarget, manifestTarget, mboxTarget } from './reader-targets.js';
import type { Target } from './target.js';

/** Every reader of something that others write. */
export const targets: readonly Target[] = [
  consoleTarget,
  disturbedTarget,
  ktapTarget,
  jobsTarget,
  mboxTarget,
  ...archiveTargets,
  manifestTarget,
  ...folderTargets,
  ...labTargets,
];
