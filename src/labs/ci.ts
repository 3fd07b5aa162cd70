// SPDX-License-Identifier: MIT
import { quoteWord } from '../system/shell-words.js';
import { commentedYaml } from './commented-yaml.js';

/** A job matrix as a pipeline of a code forge: one job for each device, so that a pair of kernels stays together. */
export interface CiMatrix {
  /** Path of the matrix in busyguest's folder. */
  readonly file: string;
  readonly devices: readonly string[];
}

const install = [
  'npm ci --no-audit --no-fund',
  'npm run build',
  'node bin/busyguest.mjs doctor --install',
  'node bin/busyguest.mjs devices --fetch-qemu --if-older 10.0 --quiet',
];
const run = (file: string, report: string): string =>
  `node bin/busyguest.mjs run ${quoteWord(file)} --filter "device=$DEVICE" --quiet --report ${report}`;

const firstNote = 'builds the kernels and leaves them in the cache for the others';

/** For GitLab: a child pipeline, or `.gitlab-ci.yml` itself. */
export function gitlabPipeline({ file, devices }: CiMatrix): string {
  const [first = '', ...others] = devices;
  const value = {
    stages: ['first', 'others'],
    '.busyguest': {
      image: 'debian:trixie-slim',
      timeout: '2h',
      variables: {
        BUSYGUEST_CACHE: '$CI_PROJECT_DIR/.cache/busyguest',
        npm_config_cache: '$CI_PROJECT_DIR/.cache/npm',
      },
      cache: { key: 'busyguest', paths: ['.cache/'], when: 'always' },
      before_script: [
        'apt-get update -q',
        'apt-get install -y -q --no-install-recommends nodejs npm git ca-certificates',
        ...install,
      ],
      script: [run(file, 'junit=junit.xml')],
      allow_failure: { exit_codes: [4, 69] },
      artifacts: { when: 'always', paths: ['results/'], reports: { junit: 'junit.xml' } },
    },
    'first-device': { extends: '.busyguest', stage: 'first', variables: { DEVICE: first } },
    ...(others.length > 0 && {
      device: {
        extends: '.busyguest',
        stage: 'others',
        parallel: { matrix: [{ DEVICE: others }] },
      },
    }),
  };
  return commentedYaml(value, {
    head: [`For GitLab, from ${file}. Made by "busyguest generate --for gitlab".`],
    notes: [
      {
        at: ['.busyguest', 'variables'],
        text: "a runner's cache holds only what lies in the project's folder",
      },
      {
        at: ['.busyguest', 'allow_failure'],
        text: "4: the device cannot run; 69: the lab's doing. Neither says anything of the kernel",
      },
      { at: ['first-device'], text: firstNote },
    ],
  });
}

/** For GitHub Actions. */
export function githubWorkflow({ file, devices }: CiMatrix): string {
  const [first = '', ...others] = devices;
  const steps = (name: string): object[] => [
    { uses: 'actions/checkout@v4' },
    { uses: 'actions/setup-node@v4', with: { 'node-version': 22, cache: 'npm' } },
    {
      uses: 'actions/cache@v4',
      with: {
        path: '~/.cache/busyguest',
        key: 'busyguest-${{ github.run_id }}',
        'restore-keys': 'busyguest-',
      },
    },
    { name: 'Install what is missing', run: `${install.join('\n')}\n` },
    { name: 'Run', run: run(file, 'markdown=$GITHUB_STEP_SUMMARY') },
    {
      name: 'Keep the results',
      if: 'always()',
      uses: 'actions/upload-artifact@v4',
      with: { name: `results-${name}`, path: 'results/', 'if-no-files-found': 'ignore' },
    },
  ];
  const common = { 'runs-on': 'ubuntu-24.04', 'timeout-minutes': 120 };
  const value = {
    name: 'busyguest',
    on: { pull_request: null, workflow_dispatch: null },
    permissions: { contents: 'read' },
    jobs: {
      first: { ...common, env: { DEVICE: first }, steps: steps(first) },
      ...(others.length > 0 && {
        device: {
          needs: 'first',
          if: '${{ !cancelled() }}',
          strategy: { 'fail-fast': false, matrix: { device: others } },
          ...common,
          env: { DEVICE: '${{ matrix.device }}' },
          steps: steps('${{ matrix.device }}'),
        },
      }),
    },
  };
  return commentedYaml(value, {
    head: [`For GitHub Actions, from ${file}. Made by "busyguest generate --for github".`],
    notes: [{ at: ['jobs', 'first'], text: firstNote }],
  });
}
