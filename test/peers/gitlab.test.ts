// SPDX-License-Identifier: MIT
// The GitLab component and the pipelines for GitLab, read and run by gitlab-ci-local: a runner that has GitLab's own schema.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../..', import.meta.url));
const read = (file: string): string => readFileSync(join(project, file), 'utf8');
const component = read('templates/busyguest.yml');

/** What somebody writes who takes the component from the repository that it is in. */
const pipeline = (inputs: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    include: [{ component: '$CI_SERVER_FQDN/$CI_PROJECT_PATH/busyguest@$CI_COMMIT_SHA', inputs }],
  });

/** The one function that it calls and Node.js 20 has not. */
const union = `data:text/javascript,${encodeURIComponent(
  'Set.prototype.union ??= function (other) { return new Set([...this, ...other]); };',
)}`;

interface Repository {
  readonly dir: string;
  /** Calls the runner; what it prints. Its exit code says nothing: it is 0 for a job that failed. */
  readonly gitlab: (args: readonly string[], env?: Readonly<Record<string, string>>) => string;
}

/** A repository with these files, by their paths. */
function repository(t: TestContext, files: Readonly<Record<string, string>>): Repository {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-gitlab-'));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text, { mode: 0o755 });
  }
  const git = (...args: string[]): void => {
    const { status, stderr } = spawnSync('git', args, { cwd: dir, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  git('init', '--quiet');
  git('remote', 'add', 'origin', 'git@gitlab.example.org:group/busyguest.git');
  git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/remotes/origin/main');
  git('add', '.');
  const author = ['-c', 'user.name=nobody', '-c', 'user.email=nobody@localhost'];
  git(...author, 'commit', '--quiet', '--no-verify', '--message', 'all');
  const runner = join(project, 'node_modules/gitlab-ci-local/dist/index.js');
  return {
    dir,
    gitlab(args, env = {}) {
      const own = ['--no-color', '--home', join(dir, 'home')];
      const words = ['--import', union, runner, ...own, ...args];
      const { stdout, stderr } = spawnSync(process.execPath, words, {
        cwd: dir,
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
      return `${stdout}${stderr}`;
    },
  };
}

/** What is said of a pipeline: that it keeps to the schema, or why not. */
const verdictOn = (t: TestContext, text: string, template = component): string =>
  repository(t, { '.gitlab-ci.yml': text, 'templates/busyguest.yml': template }).gitlab([
    '--preview',
  ]);

const accepted = /^json schema validated in /m;

for (const [what, text] of [
  ['the component, as it is', pipeline({})],
  ['the component, with inputs', pipeline({ stage: 'deploy', 'job-name': 'kvm: limits' })],
  ...['docs/ci/gitlab-ci.yml', 'docs/ci/gitlab-container.yml', 'test/golden/ci/gitlab-ci.yml'].map(
    (file) => [file, read(file)] as const,
  ),
] as const)
  test(`GitLab's schema takes ${what}`, (t) => assert.match(verdictOn(t, text), accepted));

test("GitLab's schema would say what is wrong with the component", (t) => {
  const saying = (from: string, to: string): string => {
    assert.ok(component.includes(from), from);
    return verdictOn(t, pipeline({}), component.replace(from, to));
  };
  assert.match(saying('expire_in:', 'expires_in:'), /'expires_in' property is not expected/);
  assert.match(saying('timeout: 2h', 'timeout: [2h]'), /'timeout' property type must be string/);
});

/** In the place of a program: it writes down what it is told, and ends as a test wants it. */
const recorder = `#!/bin/sh
echo "\${0##*/} $*" >>"$TOLD"
case $* in *--report*) ;; *) exit 0 ;; esac
for file in junit.xml report.html report.md; do echo "$file" >$file; done
exit "$CODE"
`;

const skip =
  spawnSync('rsync', ['--version']).status === 0
    ? false
    : 'rsync, which the runner copies with, is not installed';

for (const [code, ends] of [
  ['0', 'PASS'],
  ['1', 'FAIL'],
  ['69', 'WARN'],
] as const)
  test(
    `a runner runs the component's job; ${ends} where busyguest ends with ${code}`,
    { skip },
    (t) => {
      const inputs = { tree: 'a tree#v6.17', arguments: '--each  --fresh', series: 'a $(b).mbox' };
      const { dir, gitlab } = repository(t, {
        '.gitlab-ci.yml': pipeline(inputs),
        'templates/busyguest.yml': component,
        'bin/apt-get': recorder,
        'bin/npm': recorder,
        'bin/busyguest': recorder,
      });
      const told = join(dir, 'told');
      const PATH = `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}`;
      const options = ['--force-shell-executor', '--no-shell-isolation'];
      const said = gitlab(options, { PATH, TOLD: told, CODE: code });
      assert.match(said, new RegExp(`^ ${ends}  busyguest`, 'm'));
      const reports = 'junit=junit.xml,html=report.html,markdown=report.md';
      assert.deepEqual(readFileSync(told, 'utf8').trim().split('\n'), [
        'apt-get update -q',
        'apt-get install -y -q --no-install-recommends bash nodejs npm git ca-certificates',
        'npm install --global --no-audit --no-fund busyguest',
        'busyguest doctor --install',
        'busyguest devices --fetch-qemu --if-older 10.0 --quiet',
        `busyguest check --series a $(b).mbox --tree a tree#v6.17 --quiet --results busyguest-results --report ${reports} --each --fresh`,
        'busyguest prune --keep-runs 60 --results busyguest-results',
        'busyguest cache --prune 4G',
      ]);
      const kept = readdirSync(join(dir, '.gitlab-ci-local/artifacts/busyguest'));
      assert.ok(kept.includes('report.html') && kept.includes('report.md'), kept.join(' '));
    },
  );
