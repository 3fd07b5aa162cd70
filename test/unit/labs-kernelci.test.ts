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
          image: z.string().startsWith('ghcr.io/kernelci/'),
          priority: z.enum(['low', 'medium', 'high']),
          params: z.looseObject({ arch: z.string(), compiler: z.string(), backend: z.string() }),
          rules: z.object({ tree: z.array(z.string()) }),
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
        runtime: z.strictObject({ name: z.enum(['k8s-all', 'lava-mylab']) }),
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

const files = kernelciFiles([source('qemu-pseries-p9'), source('qemu-powernv9')], 'lava-mylab');

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
        /^(node|platform_config|api_config|storage_config|notify)\./.test(word) ||
        // kernelci-core's Runtime.get_params(), and LAVA's.
        ['device_type', 'priority', 'instance_callback'].includes(word),
      word,
    );
  }
  for (const name of new Set(given)) assert.ok(words.includes(name), `${name} is not used`);
  // Filled in, it is YAML.
  const filled = files.template.replace(/\{[#%].*?[#%]\}/g, '').replace(/\{\{.*?\}\}/g, 'x');
  assert.deepEqual(Object.keys(parse(filled) as object).slice(0, 2), ['job_name', 'device_type']);
});

test('KernelCI: keys stand in its order, by words and by numbers', () => {
  const devices = ['qemu-pseries-p9', 'qemu-pseries-p10', 'qemu-pseries-papr-p10'];
  const { jobs } = kernelciFiles(devices.map(source), 'lava-mylab');
  const { platforms } = parse(jobs) as { platforms: object };
  // kernelci.sort_check() of kernelci-core 69a285e95cc5: a word is a number only where it is one as a whole.
  assert.deepEqual(Object.keys(platforms), [
    'busyguest-qemu-pseries-p10',
    'busyguest-qemu-pseries-p9',
    'busyguest-qemu-pseries-papr-p10',
  ]);
  assert.ok(jobs.indexOf('  busy-guest-qemu') < jobs.indexOf('  kbuild-gcc-14'));
});

test("KernelCI: the template's monitor reads cases, each with its first metric", () => {
  const found = /pattern: '?(BG-RESULT .*?)'?$/m.exec(files.template)?.[1] ?? '';
  // JavaScript's names for the same groups.
  const pattern = found.replaceAll('(?P<', '(?<').replace(/\(\?P=(\w+)\)/g, '\\k<$1>');
  const line = (name: string, result: string, value: string, unit: string): string =>
    `BG-RESULT v1 name=${name} result=${result} measurement=${value} unit=${unit};\r\n`;
  const text = [
    line('a_case', 'fail', '0', 'ok'),
    line('a_case__ratio', 'fail', '3.314', 'ratio'),
    line('a_case__usage', 'fail', '99', 'us'),
    line('plain', 'pass', '1', 'ok'),
    line('other', 'skip', '0', 'ok'),
    'BUSYGUEST-END 3\r\n',
  ].join('');
  const seen = (console: string) =>
    [...console.matchAll(new RegExp(pattern, 'g'))].map(({ groups = {} }) =>
      ['test_case_id', 'result', 'measurement', 'units'].map((name) => groups[name]).join(' '),
    );
  const all = ['a_case fail 3.314 ratio', 'plain pass 1 ok', 'other skip 0 ok'];
  assert.deepEqual(seen(text), all);
  // As LAVA sees it: character by character, and what was matched is gone.
  const stream: string[] = [];
  let buffer = '';
  for (const character of text) {
    buffer += character;
    const match = new RegExp(pattern).exec(buffer);
    if (match === null) continue;
    stream.push(...seen(buffer));
    buffer = buffer.slice(match.index + match[0].length);
  }
  assert.deepEqual(stream, all);
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
