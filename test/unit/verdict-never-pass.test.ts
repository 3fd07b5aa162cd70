// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { statuses } from '../../src/model/status.js';
import { basicCases } from '../../src/payload/busy-guest/cases.js';
import { judge, type Evidence } from '../../src/verdict/judge.js';
import { caseWith, casesWith, evidenceWith, goodMetrics } from './verdict-evidence.js';
import { stall } from './verdict-judge-rows.js';

const proofMetrics: readonly (readonly [string, string])[] = [
  ['control_guest_unlimited', 'usage'],
  ['control_guest_unlimited', 'window'],
  ['busy_guest_obeys_quota', 'overrun_ratio'],
  ['busy_guest_obeys_quota', 'usage'],
  ['busy_guest_obeys_quota', 'nr_periods'],
  ['busy_guest_is_throttled', 'nr_throttled'],
  ['busy_guest_is_throttled', 'throttled'],
  ['busy_guest_makes_progress', 'guest_progress'],
  ['guest_registers_are_kept', 'turns_checked'],
  ['kvm_run_returns_as_documented', 'signals'],
  ['kvm_run_returns_as_documented', 'kvm_run_returns'],
];

const without = (caseName: string, metric: string): Evidence =>
  evidenceWith({
    cases: casesWith().map((one) =>
      one.name === caseName
        ? { ...one, metrics: one.metrics.filter(({ name }) => name !== metric) }
        : one,
    ),
  });

test('never PASS: any metric of the proof that is absent is named', () => {
  for (const [caseName, metric] of proofMetrics) {
    const { status, decidedBy, reason } = judge(without(caseName, metric));
    assert.deepEqual([status, decidedBy], ['ERROR', 'proof']);
    assert.ok(reason.includes(`${caseName} has no metric ${metric}`), reason);
  }
});

test('never PASS: whatever is taken away from or changed in a PASS', () => {
  const nonPass = fc.constantFrom(...statuses.filter((status) => status !== 'PASS'));
  const useless = fc.constantFrom(0, -1, NaN, Infinity, -Infinity);
  const change = fc.oneof(
    fc.constantFrom(...basicCases).map((name): Partial<Evidence> => ({
      cases: casesWith().filter((one) => one.name !== name),
    })),
    fc
      .tuple(fc.constantFrom(...basicCases), nonPass)
      .map(([name, status]): Partial<Evidence> => ({ cases: casesWith(caseWith(name, status)) })),
    fc
      .tuple(
        fc.constantFrom(...proofMetrics.filter(([, metric]) => metric !== 'overrun_ratio')),
        useless,
      )
      .map(([[name, metric], value]): Partial<Evidence> => ({
        cases: casesWith(caseWith(name, 'PASS', { ...goodMetrics[name], [metric]: value })),
      })),
    fc.constant<Partial<Evidence>>({ ended: false }),
    fc.constant<Partial<Evidence>>({ exit: 'interrupted' }),
    fc.constant<Partial<Evidence>>({ flooded: 'too much' }),
    fc.constant<Partial<Evidence>>({ faults: [stall] }),
  );
  fc.assert(
    fc.property(change, (evidence) => judge(evidenceWith(evidence)).status !== 'PASS'),
    { numRuns: 500 },
  );
});

test('never PASS: any set of cases cut short', () => {
  fc.assert(
    fc.property(fc.subarray(casesWith() as never[]), fc.boolean(), (cases, ended) => {
      const whole = cases.length === basicCases.length && ended;
      const { status } = judge(evidenceWith({ cases, ended }));
      assert.equal(status === 'PASS', whole);
    }),
  );
});
