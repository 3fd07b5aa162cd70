// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lavaDevice } from '../../src/devices/lava/lava-device.js';
import { LavaLab } from '../../src/devices/lava/lava-lab.js';
import type { Boot } from '../../src/devices/device.js';
import { flatResults } from '../../src/ktap/flat-result.js';
import { readPayload } from '../../src/ktap/payload.js';
import type { Job } from '../../src/model/job.js';
import { JobFiles } from '../../src/pipeline/job-files.js';
import { judgeWatched } from '../../src/pipeline/job-result.js';
import { watchJob } from '../../src/pipeline/watch.js';
import { project } from '../integration/cli.js';
import { LavaStub, type StubOptions } from './lava-stub.js';

const dir = mkdtempSync(join(tmpdir(), 'busyguest-many-'));
after(() => rmSync(dir, { recursive: true, force: true }));

const boot: Boot = { kernel: 'k', initramfs: 'i', commandLine: [], payloadArgs: [], cpus: 1 };
const job: Job = {
  name: 'many',
  kernel: {
    name: 'patched',
    source: '',
    packages: [],
    commandLine: [],
    patches: [],
    config: [],
    expect: 'PASS',
  },
  device: 'qemu-pseries-p9',
  test: {
    name: 'busy-guest',
    parameters: { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 3 },
  },
  expect: 'PASS',
  timeouts: { buildMs: 1, bootMs: 600_000, testMs: 600_000 },
  knownFaults: [],
};

/** Runs so many jobs against a stub; gives what it cost. */
async function runMany(count: number, options: Omit<StubOptions, 'console' | 'rows'>) {
  const file = join(project, 'test', 'fixtures', 'jobs', 'patched.console.log');
  const console = (await readFile(file, 'latin1')).trimEnd().split('\n');
  const rows = flatResults(readPayload(console).cases);
  await using stub = await LavaStub.open({ ...options, console, rows });
  const { signal } = new AbortController();
  const perSecond = 400;
  const lab = new LavaLab(
    {
      identity: { url: stub.url, token: stub.token },
      tags: [],
      queueMs: 3_600_000,
      say: () => {},
      paceMs: 50,
      perSecond,
    },
    signal,
  );
  const statuses: string[] = [];
  const queue = Array.from({ length: count }, (_, index) => `job-${index}`);
  let mostRss = 0;
  const start = Date.now();
  const client = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const title = `busyguest run ${name}`;
      const device = lavaDevice(lab, {
        title,
        dir: join(dir, `${options.failEvery ?? 0}`, name),
        type: 'qemu',
        promised: {},
        deployMs: 600_000,
        firmwareMs: 0,
        define: () => Promise.resolve((text) => `job_name: ${text}\n`),
        inputs: () => Promise.resolve(''),
      });
      const files = new JobFiles(join(dir, `${options.failEvery ?? 0}`, name));
      const watched = await watchJob(job, device, boot, files, signal, () => {});
      statuses.push(judgeWatched(job, device, watched, {}, false).status);
      mostRss = Math.max(mostRss, process.memoryUsage.rss());
    }
  };
  await Promise.all(Array.from({ length: options.devices }, client));
  lab.close();
  return {
    statuses,
    submitted: stub.jobs.map(({ name }) => name),
    failures: stub.failures,
    perJob: stub.requests / count,
    busiest: stub.busiest,
    perSecond,
    seconds: (Date.now() - start) / 1000,
    rssMb: mostRss / 1e6,
  };
}

test('100 devices, 2,000 jobs: each submitted once, no storm of requests', async (context) => {
  const cost = await runMany(2000, { devices: 100, runMs: 500, latencyMs: 2 });
  context.diagnostic(
    `${cost.seconds.toFixed(0)} s, ${cost.rssMb.toFixed(0)} MB with the stub, ` +
      `${cost.perJob.toFixed(1)} requests a job, ${cost.busiest} in the busiest second`,
  );
  assert.deepEqual([...new Set(cost.statuses)], ['PASS']);
  assert.equal(new Set(cost.submitted).size, 2000);
  assert.equal(cost.submitted.length, 2000);
  assert.ok(cost.perJob <= 20, `${cost.perJob} requests a job`);
  // A turn is given at most so often; the first of a second may have waited since the last.
  assert.ok(cost.busiest <= 2 * cost.perSecond, `${cost.busiest} requests in a second`);
});

test('a server where every 7th request fails: nothing lost, nothing twice', async (context) => {
  const cost = await runMany(150, { devices: 20, runMs: 300, latencyMs: 2, failEvery: 7 });
  context.diagnostic(`${cost.failures} failures, ${cost.perJob.toFixed(1)} requests a job`);
  assert.ok(cost.failures > 50);
  assert.deepEqual([...new Set(cost.statuses)], ['PASS']);
  assert.deepEqual([cost.submitted.length, new Set(cost.submitted).size], [150, 150]);
});
