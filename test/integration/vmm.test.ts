// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { busyguest, folder, latest, metric, project } from './cli.js';

const matrix = `name: vmm
fix:
  add: ${project}/jobs/patches/kvm-hv-xfer-to-guest
  remove: [${project}/jobs/patches/remove-kvm-hv-xfer-to-guest]
kernels:
  - {name: unpatched, source: "debian:linux-source", fix: absent, expect: FAIL}
  - {name: patched, source: "debian:linux-source", fix: present, base: unpatched, expect: PASS}
devices: [qemu-pseries-p9]
tests: [{name: qemu, quota-us: 30000, period-us: 100000, seconds: 1, vmm: qemu}]
`;

test("a real QEMU's guest: the bug without the fix, fixed with it, and both in KVM_RUN all the time", async (context) => {
  const dir = await folder(context);
  const file = join(dir, 'vmm.yaml');
  await writeFile(file, matrix);
  const { code, stdout, stderr } = await busyguest(
    ...['run', file, '--results', dir, '--quiet', '--fresh'],
  );
  const run = await latest(dir);
  assert.equal(code, 0, stdout + stderr);
  assert.equal(run.overall, 'fixed');
  const [unpatched, patched] = run.jobs;
  assert.ok(unpatched && patched);
  assert.ok(metric(unpatched, 'busy_guest_obeys_quota', 'overrun_ratio') >= 3);
  assert.ok(metric(patched, 'busy_guest_obeys_quota', 'overrun_ratio') <= 1.05);
  for (const job of run.jobs) {
    const longest = metric(job, 'busy_guest_makes_progress', 'longest_kvm_run');
    const window = metric(job, 'busy_guest_obeys_quota', 'window');
    assert.ok(longest >= window, `${job.name}: ${longest} us of ${window} us`);
    assert.match(job.facts['vmm'] ?? '', /^Debian qemu-system-ppc 1:\d/);
    assert.equal(job.facts['vmm_guest'], 'bare');
  }
});
