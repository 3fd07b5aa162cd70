// SPDX-License-Identifier: MIT
import type { Finding, Path } from '../documents/positions.js';
import type { Job } from '../model/job.js';
import { expandTest } from './expand.js';
import type { RawMatrix } from './schema.js';

/**
 * A machine that the matrix describes has the CPUs of its `smp`, whatever a test wants: one that wants others
 * would be a test of something else than what is written. `jobs` are those of `raw`: what is excluded is no mistake.
 */
export function checkCpus(raw: RawMatrix, jobs: readonly Job[]): Finding[] {
  const vcpusPaths = new Map<string, Path>();
  for (const [index, test] of raw.tests.entries()) {
    for (const { spec, vcpusPath } of expandTest(test)) {
      vcpusPaths.set(spec.name, ['tests', index, ...vcpusPath]);
    }
  }
  const findings = new Map<string, Finding>();
  for (const { deviceSpec, test } of jobs) {
    const vcpusPath = vcpusPaths.get(test.name);
    if (deviceSpec === undefined || vcpusPath === undefined) continue;
    const { name, smp } = deviceSpec;
    const { cpus, vcpus } = test.parameters;
    // Fewer CPUs than vCPUs are fine where the test says so.
    if (cpus === undefined ? vcpus <= smp : cpus === smp) continue;
    const wanted = cpus === undefined ? `${vcpus} vCPUs` : `cpus: ${cpus}`;
    const path = cpus === undefined ? vcpusPath : [...vcpusPath.slice(0, 2), 'cpus'];
    const message = `${wanted} on device "${name}", which has smp: ${smp}`;
    const hint = `say smp: ${cpus ?? vcpus} in the device`;
    findings.set(`${path.join()} ${message}`, { path, message, hint });
  }
  return [...findings.values()];
}
