// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { deviceNamed, deviceNames, foreignArchitecture } from '../../src/devices/registry.js';
import { loadMatrix } from '../../src/jobs/load.js';
import type { JobResult } from '../../src/model/result.js';
import { busyguest, latest, project } from '../integration/cli.js';

const file = join(project, 'test/mutants/architectures.yaml');
const { jobs: wanted } = loadMatrix(file, await readFile(file, 'utf8'), {
  knownDevices: deviceNames(),
  architectureOf: foreignArchitecture,
});

describe('what is wrong on all architectures, and on one', () => {
  let jobs: readonly JobResult[] = [];

  before(async () => {
    const results = await mkdtemp(join(tmpdir(), 'busyguest-mutants-'));
    const { stderr } = await busyguest('run', file, '--results', results);
    process.stdout.write(`${stderr}# ${results}\n`);
    ({ jobs } = await latest(results));
  });

  for (const { name, device, expect } of wanted)
    test(`${name}: ${expect}`, async (context) => {
      const [lacks] = (await deviceNamed(device)?.missing()) ?? [];
      if (lacks !== undefined) {
        context.skip(lacks);
        return;
      }
      const job = jobs.find((one) => one.name === name);
      assert.equal(job?.status, expect, job?.reason);
    });
});
