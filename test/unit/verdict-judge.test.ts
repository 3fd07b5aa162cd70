// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import test from 'node:test';
import { judge } from '../../src/verdict/judge.js';
import { evidenceWith } from './verdict-evidence.js';
import { controlRows } from './verdict-control-rows.js';
import { rows, stall } from './verdict-judge-rows.js';
import { machineRows } from './verdict-machine-rows.js';
import { realTimeRows } from './verdict-real-time-rows.js';

for (const { what, evidence, status, by, reason } of [
  ...rows,
  ...controlRows,
  ...machineRows,
  ...realTimeRows,
]) {
  test(`judge: ${what}`, () => {
    const judgement = judge(evidenceWith(evidence));
    assert.deepEqual([judgement.status, judgement.decidedBy], [status, by], judgement.reason);
    assert.match(judgement.reason, reason);
    assert.ok(!judgement.reason.includes('\n'));
  });
}

test('judge: the same evidence gives the same judgement every time', () => {
  const knownFaults = [{ title: /stall/g, reason: 'since 6.1' }];
  const evidence = evidenceWith({ faults: [stall, { ...stall, phase: 'boot' }], knownFaults });
  for (let round = 0; round < 3; round += 1) assert.equal(judge(evidence).status, 'PASS');
});
