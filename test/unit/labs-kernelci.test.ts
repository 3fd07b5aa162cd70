// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { githubWorkflow, gitlabPipeline } from '../../src/labs/ci.js';
import { kernelciFiles, type KernelciSource } from '../../src/labs/kernelci.js';
import { assertGolden } from './golden.js';
import { lavaJobOn } from './labs-sample.js';

/** What kernelci-pipeline's tests/validate_yaml.py asks of its configuration, and what doc/config-reference.md adds. */
const kernelci = z
  .strictObject({
    jobs: z.record(
      z.string(),
      z.discriminatedUnion('kind', [
        z.strictObject({
          kind: z.literal('kbuild'),
          template: z.string(),
          params: z.looseObject({ arch: z.string(), compiler: z.string() }),
        }),
        z.strictObject({
          kind: z.literal('job'),
          template: z.string().endsWith('.jinja2'),
          kcidb_test_suite: z.string().min(1),
          params: z.record(
            z.string(),
            z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]),
          ),
        }),
      ]),
    ),
    platforms: z.record(
      z.string(),
      z.looseObject({ arch: z.string(), boot_method: z.string(), mach: z.string() }),
    ),
    scheduler: z.array(
      z.strictObject({
        job: z.string(),
        event: z.looseObject({ channel: z.string(), kind: z.string(), state: z.string() }),
        runtime: z.looseObject({ type: z.enum(['lava', 'kubernetes', 'docker', 'shell']) }),
        platforms: z.array(z.string()).optional(),
      }),
    ),
  })
  .superRefine((value, context) => {
    for (const entry of value.scheduler) {
      const unknown = [
        ...(entry.job in value.jobs ? [] : [entry.job]),
        ...(entry.platforms ?? []).filter((name) => !(name in value.platforms)),
      ];
      for (const name of unknown) context.addIssue({ code: 'custom', message: `unknown ${name}` });
    }
  });

function source(device: string): KernelciSource {
  const job = lavaJobOn(device);
  const { machine } = job;
  if (machine.boot !== 'qemu') throw new Error('an emulated machine is needed');
  return { ...job, machine };
}

const files = kernelciFiles([source('qemu-pseries-p9'), source('qemu-powernv9')]);

test('KernelCI: jobs, platforms and schedule as its own validation wants them', () => {
  assertGolden('kernelci/jobs-busyguest.yaml', files.jobs);
  kernelci.parse(parse(files.jobs));
  const lost = files.jobs.replace('- busyguest-qemu-powernv9', '- busyguest-gone');
  assert.throws(() => kernelci.parse(parse(lost)), /unknown busyguest-gone/);
});

test('KernelCI: the template takes its parameters and nothing else', () => {
  assertGolden('kernelci/busyguest.jinja2', files.template);
  const words = [...files.template.matchAll(/\{\{ *([\w.]+)/g)].map((match) => match[1] ?? '');
  const { jobs } = kernelci.parse(parse(files.jobs));
  const given = Object.values(jobs).flatMap((job) =>
    job.kind === 'job' ? Object.keys(job.params) : [],
  );
  for (const word of new Set(words)) {
    assert.ok(
      given.includes(word) ||
        /^(node|platform_config|api_config|storage_config|notify)\./.test(word),
      word,
    );
  }
  for (const name of new Set(given)) assert.ok(words.includes(name), `${name} is not used`);
  // Filled in, it is YAML.
  const filled = files.template.replace(/\{[#%].*?[#%]\}/g, '').replace(/\{\{.*?\}\}/g, 'x');
  assert.deepEqual(Object.keys(parse(filled) as object).slice(0, 2), ['job_name', 'device_type']);
});

test('GitLab and GitHub: a job for each device', () => {
  const matrix = { file: 'jobs/pre-pull.yaml', devices: ['qemu-pseries-p9', 'qemu-powernv8'] };
  const gitlab = gitlabPipeline(matrix);
  assertGolden('ci/gitlab-ci.yml', gitlab);
  const github = githubWorkflow(matrix);
  assertGolden('ci/github.yml', github);
  for (const device of matrix.devices) {
    assert.ok(gitlab.includes(device) && github.includes(device));
  }
  const alone = githubWorkflow({ ...matrix, devices: ['qemu-powernv8'] });
  const { jobs } = parse(alone) as { jobs: object };
  assert.deepEqual(Object.keys(jobs), ['first']);
});
