// SPDX-License-Identifier: MIT
import type { Job } from '../../src/model/job.js';

/** The job of a console that is read again. */
export const replayedJob: Job = {
  name: 'k-d-t',
  kernel: {
    name: 'k',
    source: 'x',
    packages: [],
    commandLine: [],
    patches: [],
    config: [],
    expect: 'PASS',
  },
  device: 'd',
  test: { name: 't', parameters: { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 3 } },
  expect: 'PASS',
  timeouts: { buildMs: 1, bootMs: 120_000, testMs: 300_000 },
  knownFaults: [],
};
