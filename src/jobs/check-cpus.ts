// SPDX-License-Identifier: MIT
import type { Finding, Path } from '../documents/positions.js';
import type { Job } from '../model/job.js';
import { programOf } from '../payload/registry.js';
import { expandTest } from './expand.js';
import type { RawMatrix } from './schema.js';

/**
 * A machine that the matrix describes has the CPUs of its `smp`, whatever a test wants: one that wants others
 * would be a test of something else than what is written. `jobs` are those of `raw`: what is excluded is no mistake.
 */
export function checkCpus(raw: RawMatrix, jobs: readonly Job[]): Finding[] {
  const cpusPaths = new Map<string, Path>();
  for (const [index, test] of raw.tests.entries()) {
    for (const { spec, cpusPath } of expandTest(test)) {
      cpusPaths.set(spec.name, ['tests', index, ...cpusPath]);
    }
  }
  const findings = new Map<string, Finding>();
  for (const { deviceSpec, test } of jobs) {
    const cpusPath = cpusPaths.get(test.name);
    if (deviceSpec === undefined || cpusPath === undefined) continue;
    const { name, smp } = deviceSpec;
    const wanted = programOf(test).machine.cpus(test.parameters);
    if (wanted.isExact ? wanted.count === smp : wanted.count <= smp) continue;
    const isThere = cpusPath[2] === wanted.key;
    const path = isThere ? cpusPath : [...cpusPath.slice(0, 2), wanted.key];
    const message = `${wanted.text} on device "${name}", which has smp: ${smp}`;
    const hint = `say smp: ${wanted.count} in the device`;
    findings.set(`${path.join()} ${message}`, { path, message, hint });
  }
  return [...findings.values()];
}
