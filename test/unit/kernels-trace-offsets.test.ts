// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needsOffsets, parseOffsets } from '../../src/kernels/trace-offsets.js';

test('offsets are asked for where a kernel has probes and no BTF', () => {
  const config = '#\nCONFIG_KPROBE_EVENTS=y\nCONFIG_CFS_BANDWIDTH=y\n';
  assert.equal(needsOffsets(config), true);
  assert.equal(needsOffsets(`${config}CONFIG_DEBUG_INFO_BTF=y\n`), false);
  assert.equal(
    needsOffsets('#\n# CONFIG_KPROBE_EVENTS is not set\nCONFIG_CFS_BANDWIDTH=y\n'),
    false,
  );
});

test("offsets are read out of the compiler's assembly, all or none", () => {
  const line = (index: number, value: string): string =>
    ` #APP\n\n.ascii "->M${index} ${value} offsetof(struct x, y)"\n #NO_APP\n`;
  const all = line(0, '472') + line(1, '488') + line(2, '536');
  const said = 'cfs_rq.tg=472,cfs_rq.runtime_remaining=488,task_group.cfs_bandwidth.runtime=536';
  assert.equal(parseOffsets(all), said);
  assert.equal(parseOffsets(all.replaceAll('472', '$472')), said);
  assert.equal(parseOffsets(line(0, '472') + line(1, '488')), undefined);
  assert.equal(parseOffsets(''), undefined);
});
