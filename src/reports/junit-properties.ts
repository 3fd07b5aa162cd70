// SPDX-License-Identifier: MIT
import type { TestSuite } from 'junit-report-builder';
import type { JobResult } from '../model/result.js';
import { factsByOwner } from './facts.js';
import { xmlLine } from './junit-text.js';

/**
 * What a suite says of its job. The junit-10 schema of Jenkins has properties on suites only, so a metric carries its
 * case's name.
 */
export function setProperties(suite: TestSuite, job: JobResult): void {
  const set = (name: string, value: string): void => {
    suite.property(xmlLine(name), xmlLine(value));
  };
  set('expected', job.expect);
  set('as_expected', String(job.asExpected));
  set('status', job.status);
  set('decided_by', job.decidedBy);
  set('reason', job.reason);
  for (const { name, metrics } of job.cases) {
    for (const metric of metrics) {
      const unit = ['ratio', 'count'].includes(metric.unit) ? '' : `_${metric.unit}`;
      set(`${name}.${metric.name}${unit}`, String(metric.value));
    }
    const machineUs = job.caseTimes?.[name]?.machineUs;
    if (machineUs !== undefined) set(`${name}.machine_time_us`, String(machineUs));
  }
  for (const [owner, facts] of factsByOwner(job)) {
    for (const [name, value] of Object.entries(facts)) set(`${owner}.${name}`, value);
  }
}
