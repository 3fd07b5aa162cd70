// SPDX-License-Identifier: MIT
import type { Artefact } from '../../src/labs/artefacts/artefact.js';
import type { LavaJob } from '../../src/labs/lava/job.js';
import type { Job } from '../../src/model/job.js';
import { lavaDefaults, lavaJob, type LavaOptions } from '../../src/pipeline/lava/job.js';

const artefact = (kind: string, digit: string): Artefact => ({
  kind,
  name: `${kind}-${digit.repeat(24)}`,
  url: `https://files.example.org/busyguest/${kind}-${digit.repeat(24)}`,
  sha256: digit.repeat(64),
  bytes: 1000,
});

/** Files that nobody has to build. */
export const artefacts = {
  kernel: artefact('vmlinux', 'a'),
  initramfs: artefact('initramfs.cpio', 'b'),
  payload: artefact('busy-guest', 'c'),
};

/** A job on a device, as a matrix would give it. */
export function jobOn(device: string): Job {
  return {
    name: `patched-${device}-busy-guest`,
    kernel: {
      name: 'patched',
      source: 'debian:linux-source',
      packages: [],
      commandLine: [],
      patches: [],
      config: ['minimal'],
      expect: 'PASS',
    },
    device,
    test: {
      name: 'busy-guest',
      parameters: { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 3 },
    },
    expect: 'PASS',
    timeouts: { buildMs: 1_800_000, bootMs: 120_000, testMs: 300_000 },
    knownFaults: [],
  };
}

/** The same for LAVA. */
export function lavaJobOn(device: string, options: Partial<LavaOptions> = {}): LavaJob {
  const boot = {
    commandLine: ['loglevel=7', 'panic=-1'],
    payloadArgs: ['--quota-us=30000', '--period-us=100000', '--vcpus=1', '--seconds=3'],
    cpus: 1,
  };
  return lavaJob(jobOn(device), boot, artefacts, { ...lavaDefaults, ...options });
}
