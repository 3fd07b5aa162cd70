// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { deviceNamed, emulatedNames, qemuMachineOf } from '../../src/devices/registry.js';
import { qemuDeviceFile } from '../../src/labs/lava/device-file.js';
import { errorOf, readLogLine, rowsOf } from '../../src/labs/lava/log.js';
import type { Job } from '../../src/model/job.js';

const time = '"dt": "2026-11-22T23:59:32.089378"';
const lines = [
  `{${time}, "lvl": "target", "msg": "[    0.000000] Linux version 7.2.13"}`,
  `{${time}, "lvl": "results", "msg": {"case": "obeys__usage", "definition": "busyguest", "extra": {"test_case_id": "obeys__usage"}, "level": "3.1", "measurement": ! "905765.0", "result": "pass", "units": "us"}}`,
  `{${time}, "lvl": "results", "msg": {"case": "lava-test-monitor", "definition": "lava", "duration": "1.36", "result": "pass"}}`,
  'Traceback (most recent call last):',
  `{${time}, "lvl": "results", "msg": {"case": "job", "definition": "lava", "error_msg": "Connection\\n closed", "error_type": "Infrastructure", "result": "fail"}}`,
].map(readLogLine);

test("lava-run's log: the rows of the test, why LAVA ended the job, what is no log", () => {
  assert.deepEqual(rowsOf(lines), [
    { name: 'obeys__usage', result: 'pass', value: 905765, unit: 'us' },
  ]);
  assert.equal(errorOf(lines), 'Connection closed');
  assert.equal(errorOf(lines.slice(0, 4)), undefined);
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['target', 'results', 'results', 'unreadable', 'results'],
  );
});

test('a device file: the machine is the command and its arguments, each as one word', () => {
  const args = ['-M', "'a b'", '-m', '1024'];
  const device = parse(
    qemuDeviceFile({ command: '/q/qemu-system-ppc64', args, arch: 'ppc64' }),
  ) as {
    readonly actions: {
      readonly boot: { readonly methods: { readonly qemu: { readonly parameters: unknown } } };
    };
    readonly available_architectures: readonly string[];
  };
  assert.deepEqual(device.actions.boot.methods.qemu.parameters, {
    command: '/q/qemu-system-ppc64',
    options: args,
  });
  assert.deepEqual(device.available_architectures, ['ppc64']);
});

test('every emulated machine can be started by lava-run, and is the same machine', () => {
  for (const name of emulatedNames) {
    const [here, there] = [name, `lava-run-${name}`].map((device) => {
      const job: Pick<Job, 'device'> = { device };
      return qemuMachineOf(job as Job);
    });
    assert.ok(here);
    assert.equal(there, here);
    assert.equal(deviceNamed(`lava-run-${name}`)?.promised, here.promised);
  }
});
