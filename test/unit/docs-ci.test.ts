// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'node:test';
import { parse } from 'yaml';
import { program } from '../../src/cli/program.js';
import { fileFormatNames } from '../../src/reports/files.js';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string): string => readFileSync(`${project}/docs/ci/${file}`, 'utf8');

/** As much of the two formats as the tests look at. */
interface Workflow {
  readonly on: object;
  readonly permissions: object;
  readonly jobs: {
    readonly busyguest: {
      readonly 'runs-on': string;
      readonly steps: readonly { readonly run?: string; readonly uses?: string }[];
    };
  };
}
type ScriptKey = 'before_script' | 'script' | 'after_script';
interface GitlabJob extends Readonly<Record<ScriptKey, readonly string[]>> {
  readonly stage: string;
  readonly allow_failure: { readonly exit_codes: readonly number[] };
  readonly artifacts: {
    readonly when: string;
    readonly paths: readonly string[];
    readonly reports: { readonly junit: string };
  };
}

const { commands } = await program();

/** What a template calls: every line of its scripts. */
const linesOf = (scripts: readonly (string | undefined)[]): readonly string[] =>
  scripts.flatMap((script) => (script ?? '').split('\n')).filter((line) => line.trim() !== '');

/** Fails where a line calls what does not exist: a command, an option, a report, a script of npm. */
function checkCalls(lines: readonly string[]): number {
  const { scripts } = JSON.parse(readFileSync(`${project}/package.json`, 'utf8')) as {
    scripts: Record<string, string>;
  };
  let calls = 0;
  for (const line of lines) {
    const npm = /^npm run (\S+)/.exec(line)?.[1];
    if (npm !== undefined) assert.ok(npm in scripts, line);
    if (!line.includes('busyguest.mjs')) continue;
    calls += 1;
    const [, file = '', name = '', rest = ''] =
      /^node (\S+busyguest\.mjs) (\S+)(.*)$/.exec(line) ?? [];
    assert.ok(existsSync(`${project}/${file}`), line);
    const command = commands.find((one) => one.name() === name);
    assert.ok(command, line);
    const known = command.options.map(({ long }) => long);
    for (const option of rest.match(/--[a-z-]+/g) ?? []) assert.ok(known.includes(option), line);
    const reports = /--report (\S+)/.exec(rest)?.[1] ?? '';
    for (const report of reports.split(',').filter((one) => one !== '')) {
      assert.ok((fileFormatNames as readonly string[]).includes(report.split('=')[0] ?? ''), line);
    }
  }
  return calls;
}

function checkMatrices(text: string): void {
  const files = text.match(/jobs\/[\w-]+\.(?:yaml|job\.ts)/g) ?? [];
  assert.ok(files.length >= 3);
  // What stands in MATRIX becomes arguments of run.
  const follow = /jobs\/follow\.job\.ts (--set source=\S+ --exit-on new-failures)/.exec(text)?.[1];
  assert.ok(follow);
  assert.equal(checkCalls([`node bin/busyguest.mjs run jobs/follow.job.ts ${follow}`]), 1);
  for (const file of files) assert.ok(existsSync(`${project}/${file}`), file);
}

test('ci: the GitHub Actions workflow is one, and calls what exists', () => {
  const text = read('github-actions.yml');
  const workflow = parse(text) as Workflow;
  assert.deepEqual(Object.keys(workflow.on), ['pull_request', 'schedule', 'workflow_dispatch']);
  assert.deepEqual(workflow.permissions, { contents: 'read' });
  const job = workflow.jobs.busyguest;
  assert.match(job['runs-on'], /^ubuntu-/);
  for (const step of job.steps) {
    assert.equal(Number('run' in step) + Number('uses' in step), 1, JSON.stringify(step));
    if (step.uses !== undefined) assert.match(step.uses, /^actions\/[\w-]+@v\d+$/);
  }
  assert.equal(checkCalls(linesOf(job.steps.map(({ run }) => run))), 5);
  checkMatrices(text);
});

test('ci: .gitlab-ci.yml is one, and calls what exists', () => {
  const text = read('gitlab-ci.yml');
  const { stages, busyguest } = parse(text) as {
    stages: readonly string[];
    busyguest: GitlabJob;
  };
  assert.ok(stages.includes(busyguest.stage));
  const keys: readonly ScriptKey[] = ['before_script', 'script', 'after_script'];
  const scripts = keys.flatMap((key) => busyguest[key]);
  assert.ok(scripts.every((line) => typeof line === 'string'));
  assert.equal(checkCalls(linesOf(scripts)), 5);
  assert.ok(scripts.join('\n').includes(`junit=${busyguest.artifacts.reports.junit}`));
  assert.ok(busyguest.artifacts.paths.includes('report.html'));
  assert.equal(busyguest.artifacts.when, 'always');
  assert.deepEqual(busyguest.allow_failure.exit_codes, [4, 69]);
  checkMatrices(text);
});

test('ci: the pipeline with the image of Containerfile calls what exists, and makes no sandbox in it', () => {
  const { busyguest } = parse(read('gitlab-container.yml')) as {
    busyguest: GitlabJob & { readonly variables: Record<string, string> };
  };
  const lines = linesOf([...busyguest.script, ...busyguest.after_script]);
  const calls = lines.map((line) => line.replace(/^busyguest /, 'node bin/busyguest.mjs '));
  assert.equal(checkCalls(calls), 3);
  assert.equal(busyguest.variables['BUSYGUEST_SANDBOX'], 'off');
  assert.deepEqual(busyguest.allow_failure.exit_codes, [4, 69]);
});

test('ci: where a tree of others is followed there is a sandbox, or a word that the container is one', () => {
  const workflow = parse(read('github-actions.yml')) as Workflow;
  const [sandbox, run] = [
    'sysctl -w kernel.apparmor_restrict_unprivileged_userns=0',
    ' run $MATRIX',
  ];
  const [at, before] = [run, sandbox].map((text) =>
    workflow.jobs.busyguest.steps.findIndex((step) => step.run?.includes(text)),
  );
  assert.ok(before !== undefined && at !== undefined && before >= 0 && before < at);
  const { busyguest } = parse(read('gitlab-ci.yml')) as {
    busyguest: { rules: readonly { if: string; variables?: Record<string, string> }[] };
  };
  for (const { if: when, variables } of busyguest.rules) {
    const off = variables?.['BUSYGUEST_SANDBOX'] === 'off';
    assert.equal(off, when.includes('$FOLLOW'), when);
  }
});

test('ci: the check finds a command, an option and a report that do not exist', () => {
  assert.throws(() => checkCalls(['node bin/busyguest.mjs ran jobs/x.yaml']));
  assert.throws(() => checkCalls(['node bin/busyguest.mjs run jobs/x.yaml --no-such']));
  assert.throws(() => checkCalls(['node bin/busyguest.mjs run jobs/x.yaml --report pdf=x']));
  assert.throws(() => checkCalls(['npm run nothing']));
});
