// SPDX-License-Identifier: MIT
// action.yml and the GitLab component: their form, and their scripts, run as the forges run them, with a program that
// writes down what it is told in the place of busyguest.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { program } from '../../src/cli/program.js';

const project = fileURLToPath(new URL('../../..', import.meta.url));

interface Step {
  readonly name?: string;
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string | number>>;
}
interface Action {
  readonly name: string;
  readonly description: string;
  readonly inputs: Readonly<
    Record<string, { readonly description: string; readonly default: string }>
  >;
  readonly outputs: Readonly<
    Record<string, { readonly description: string; readonly value: string }>
  >;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

const actionText = readFileSync(join(project, 'action.yml'), 'utf8');
const action = parse(actionText) as Action;
const componentText = readFileSync(join(project, 'templates', 'busyguest.yml'), 'utf8');
const [specification, pipeline] = parseAllDocuments(componentText).map(
  (one) => one.toJS() as unknown,
);
const { inputs } = (specification as { spec: { inputs: Record<string, { default: string }> } })
  .spec;
const job = (pipeline as Record<string, Job>)['$[[ inputs.job-name ]]'] ?? assert.fail('no job');
interface Job {
  readonly variables: Readonly<Record<string, string>>;
  readonly before_script: readonly string[];
  readonly script: readonly string[];
  readonly after_script: readonly string[];
  readonly artifacts: {
    readonly paths: readonly string[];
    readonly reports: { readonly junit: string };
  };
}

/** What GitHub's own schemas (of the package action-validator) say of an action; empty: nothing. */
function refusals(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-action-'));
  writeFileSync(join(dir, 'action.yml'), text);
  const validator = join(project, 'node_modules/@action-validator/cli/cli.mjs');
  const { stdout, stderr } = spawnSync(process.execPath, [validator, join(dir, 'action.yml')], {
    encoding: 'utf8',
  });
  rmSync(dir, { recursive: true });
  return `${stdout}${stderr}`;
}

test("GitHub's schema takes the action, and would say what is wrong with it", () => {
  assert.equal(refusals(actionText), '');
  assert.match(refusals(actionText.replace(/^runs:/m, 'run:')), /'run' is not allowed/);
});

/** What a test puts in the place of busyguest. */
const recorder = `
import { appendFileSync, writeFileSync, mkdirSync, symlinkSync, existsSync } from 'node:fs';
const words = process.argv.slice(2);
appendFileSync(process.env.TOLD, JSON.stringify(words) + '\\n');
const results = words[words.indexOf('--results') + 1];
const reports = words.indexOf('--report');
if (reports > 0) {
  mkdirSync(results + '/a-run', { recursive: true });
  if (!existsSync(results + '/latest')) symlinkSync('a-run', results + '/latest');
  for (const one of words[reports + 1].split(',')) {
    const [name, path] = one.split('=');
    writeFileSync(path, '::' + name + '::\\n');
  }
}
process.exitCode = Number(process.env.CODE ?? 0);
`;

interface Place {
  readonly dir: string;
  /** Runs a script, with the variables that it gets; returns the exit code and what it prints. */
  readonly call: (
    shell: readonly string[],
    script: string,
    env: Readonly<Record<string, string>>,
  ) => { code: number | null; said: string };
  /** What busyguest was told, call by call. */
  readonly told: () => readonly (readonly string[])[];
}

function place(t: TestContext): Place {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-action-'));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'action', 'bin'), { recursive: true });
  const recorded = join(dir, 'action', 'bin', 'busyguest.mjs');
  writeFileSync(recorded, `#!${process.execPath}\n${recorder}`, { mode: 0o755 });
  mkdirSync(join(dir, 'bin'));
  symlinkSync(recorded, join(dir, 'bin', 'busyguest'));
  return {
    dir,
    call(shell, script, env) {
      writeFileSync(join(dir, 'script'), script);
      const [first = '', ...rest] = shell;
      const { status, stdout, stderr } = spawnSync(first, [...rest, join(dir, 'script')], {
        cwd: dir,
        encoding: 'utf8',
        env: {
          PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`,
          TOLD: join(dir, 'told'),
          GITHUB_ACTION_PATH: join(dir, 'action'),
          GITHUB_STEP_SUMMARY: join(dir, 'summary'),
          GITHUB_OUTPUT: join(dir, 'output'),
          ...env,
        },
      });
      return { code: status, said: `${stdout}${stderr}` };
    },
    told: () =>
      existsSync(join(dir, 'told'))
        ? readFileSync(join(dir, 'told'), 'utf8')
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as string[])
        : [],
  };
}

/** As GitHub calls it: https://docs.github.com/actions, "shell". */
const githubShell = ['bash', '--noprofile', '--norc', '-eo', 'pipefail'];

const stepNamed = (name: string): Step =>
  action.runs.steps.find((one) => one.name === name) ?? assert.fail(name);

/** The variables of a step, with the inputs in them. */
function variables(
  step: Step,
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(step.env ?? {}).map(([name, text]) => {
      const [, input = ''] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(text) ?? [];
      return [name, given[input] ?? action.inputs[input]?.default ?? assert.fail(text)];
    }),
  );
}

test('action: it is a composite one, and names only inputs and steps that it has', () => {
  assert.equal(action.runs.using, 'composite');
  for (const [name, { description, default: value }] of Object.entries(action.inputs)) {
    assert.ok(description && typeof value === 'string', name);
  }
  const named = [...actionText.matchAll(/inputs\.([a-z-]+)/g)].map(([, name = '']) => name);
  assert.deepEqual([...new Set(named)].sort(), Object.keys(action.inputs).sort());
  const ids = action.runs.steps.map(({ id }) => id);
  for (const [, id] of actionText.matchAll(/steps\.([a-z-]+)\.outputs/g))
    assert.ok(ids.includes(id));
  for (const step of action.runs.steps) {
    assert.equal(Number('run' in step) + Number('uses' in step), 1, JSON.stringify(step));
    if (step.run !== undefined) assert.equal(step.shell, 'bash');
    // An expression in a script is put into its text, whatever is in it.
    assert.doesNotMatch(step.run ?? '', /\$\{\{/);
    if (step.uses !== undefined) assert.match(step.uses, /^actions\/[\w-]+@v\d+$/);
  }
});

test('action: a matrix, and what a step prints', (t) => {
  const { call, told, dir } = place(t);
  const step = stepNamed('Run');
  const more = { tree: 'a tree#v6.17', arguments: '--device qemu-powernv8  --fresh' };
  const { code, said } = call(githubShell, step.run ?? '', variables(step, more));
  assert.equal(code, 0, said);
  const reports = [
    'junit=busyguest-results/junit.xml',
    'markdown=busyguest-results/summary.md',
    'annotations=busyguest-results/annotations.txt',
  ];
  const expected = [
    'run',
    'pre-pull',
    '--tree',
    'a tree#v6.17',
    '--device',
    'qemu-powernv8',
    '--fresh',
    '--quiet',
    '--results',
    'busyguest-results',
    '--report',
    reports.join(','),
  ];
  assert.deepEqual(told(), [expected]);
  assert.match(said, /^::annotations::$/m);
  assert.equal(readFileSync(join(dir, 'summary'), 'utf8'), '::markdown::\n');
  assert.equal(
    readFileSync(join(dir, 'output'), 'utf8'),
    `exit-code=0\nrun=${dir}/busyguest-results/a-run\n`,
  );
});

test('action: a series; the exit code is that of busyguest, and inputs are no script', (t) => {
  const { call, told, dir } = place(t);
  const step = stepNamed('Run');
  const evil = '$(touch evil)`touch evil`"; touch evil; "';
  const env = { ...variables(step, { series: evil, results: 'r' }), CODE: '69' };
  assert.equal(call(githubShell, step.run ?? '', env).code, 69);
  assert.deepEqual(told()[0]?.slice(0, 4), ['check', '--series', evil, '--quiet']);
  assert.equal(existsSync(join(dir, 'evil')), false);
  assert.match(readFileSync(join(dir, 'output'), 'utf8'), /^exit-code=69$/m);
});

test('action: what is pruned', (t) => {
  const { call, told } = place(t);
  const step = stepNamed('Keep it small');
  assert.equal(call(githubShell, step.run ?? '', variables(step)).code, 0);
  assert.deepEqual(told(), [
    ['prune', '--keep-runs', '60', '--results', 'busyguest-results'],
    ['cache', '--prune', '4G'],
  ]);
});

test('component: it names only inputs that it has, and has those of the action', () => {
  const named = [...componentText.matchAll(/\$\[\[ inputs\.([a-z-]+) \]\]/g)].map(
    ([, name = '']) => name,
  );
  assert.deepEqual([...new Set(named)].sort(), Object.keys(inputs).sort());
  for (const name of Object.keys(action.inputs)) assert.ok(name in inputs, name);
  for (const line of [...job.before_script, ...job.script, ...job.after_script]) {
    assert.doesNotMatch(line, /\$\[\[/);
  }
  assert.ok(job.artifacts.paths.includes('report.html'));
  assert.ok(job.script.join('\n').includes(`junit=${job.artifacts.reports.junit}`));
});

for (const [what, given, words] of [
  ['a matrix', {}, ['run', 'pre-pull']],
  [
    'a series',
    { SERIES: 'a b.mbox', TREE: 't#x', ARGUMENTS: '--each' },
    ['check', '--series', 'a b.mbox', '--tree', 't#x'],
  ],
] as const) {
  test(`component: ${what}`, (t) => {
    const { call, told } = place(t);
    const values = Object.entries(job.variables).map(([name, text]) => {
      const [, input] = /^\$\[\[ inputs\.([a-z-]+) \]\]$/.exec(text) ?? [];
      return [name, input === undefined ? text : (inputs[input]?.default ?? '')] as const;
    });
    const { code, said } = call(['sh', '-e'], job.script.join('\n'), {
      ...Object.fromEntries(values),
      ...given,
      CODE: '1',
    });
    assert.equal(code, 1, said);
    const more = 'ARGUMENTS' in given ? [given.ARGUMENTS] : [];
    const reports = 'junit=junit.xml,html=report.html,markdown=report.md';
    assert.deepEqual(told(), [
      [...words, '--quiet', '--results', 'busyguest-results', '--report', reports, ...more],
    ]);
  });
}

test('action and component: they call what exists', async () => {
  const root = await program();
  const scripts = [
    ...action.runs.steps.map(({ run = '' }) => run),
    ...job.before_script,
    ...job.script,
    ...job.after_script,
  ];
  const calls = scripts
    .join('\n')
    .matchAll(/busyguest(?:\.mjs"?)? (doctor|devices|prune|cache|run|check)\b(.*)/g);
  let count = 0;
  for (const [line, name, rest = ''] of calls) {
    count += 1;
    const options = root.commands
      .find((one) => one.name() === name)
      ?.options.map(({ long }) => long);
    for (const option of rest.match(/--[a-z-]+/g) ?? []) assert.ok(options?.includes(option), line);
  }
  assert.ok(count >= 10, String(count));
});
