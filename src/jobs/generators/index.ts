// SPDX-License-Identifier: MIT
// What a `*.job.ts` file can import: `import { prePull, type Generator } from 'busyguest/generators'`.
export { bisectStep, type BisectStepOptions } from './bisect-step.js';
export {
  hvDevices,
  prePullDevices,
  usualTest,
  type Generator,
  type GeneratorOptions,
  type MatrixInput,
} from './generator.js';
export { nightly, type NightlyOptions } from './nightly.js';
export { prePull, type PrePullOptions } from './pre-pull.js';
export { qualify, type QualifyOptions } from './qualify.js';
