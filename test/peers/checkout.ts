// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Jenkins' schema of JUnit, in a checkout of its xunit-plugin. */
export const junit10 =
  'src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd';

/** Projects that read what we write. Each variable names a checkout of one; none of their code is in this one. */
const peers = {
  KERNELCI_PIPELINE: { what: 'kernelci/kernelci-pipeline', file: 'tests/validate_yaml.py' },
  KERNELCI_CORE: { what: 'kernelci/kernelci-core', file: 'kernelci/config/__init__.py' },
  KCIDB_IO: { what: 'kernelci/kcidb-io', file: 'kcidb_io/schema/v05_03.py' },
  DASHBOARD: { what: 'kernelci/dashboard', file: 'backend/kernelCI_app/models.py' },
  B4: { what: 'mricon/b4', file: 'src/b4/review/checks.py' },
  LAVA: { what: 'lava/lava', file: 'lava_scheduler_app/schema.py' },
  NIPA: { what: 'linux-netdev/nipa', file: 'contest/remote/lib/results.py' },
  XUNIT_PLUGIN: { what: 'jenkinsci/xunit-plugin', file: junit10 },
  TEST_DEFINITIONS: { what: 'Linaro/test-definitions', file: 'automated/lib/sh-test-lib' },
} as const;

export type Peer = keyof typeof peers;

/** Folder of a peer's checkout; undefined where its variable is not set or names something else. */
export function checkoutOf(peer: Peer): string | undefined {
  const dir = process.env[peer];
  return dir !== undefined && existsSync(join(dir, peers[peer].file)) ? dir : undefined;
}

/** For `skip` of a test: which of the checkouts are missing, or false. */
export function whyWithout(...names: readonly Peer[]): string | false {
  const missing = names.filter((name) => checkoutOf(name) === undefined);
  if (missing.length === 0) return false;
  return missing
    .map((name) => {
      const dir = process.env[name];
      const { what, file } = peers[name];
      return dir === undefined
        ? `${name} is not set (a checkout of ${what})`
        : `${name}=${dir} has no ${file}, so it is no checkout of ${what}`;
    })
    .join('; ');
}

/** The commit of a checkout, for the record: `kernelci/kcidb-io 8971c0269a80`. */
export function commitOf(peer: Peer): string {
  const dir = checkoutOf(peer) ?? '';
  const git = ['-c', 'safe.directory=*', '-C', dir, 'log', '-1', '--format=%h %cs', '--abbrev=12'];
  return `${peers[peer].what} ${execFileSync('git', git, { encoding: 'utf8' }).trim()}`;
}

/** The Python that has what the peers import: a path in BUSYGUEST_PEERS_PYTHON, else python3. */
const python = process.env['BUSYGUEST_PEERS_PYTHON'] ?? 'python3';

/** What a program said. */
export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Python with checkouts on its path. */
export function runPython(
  args: readonly string[],
  options: {
    readonly path?: readonly string[];
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
    /** Another one than that which has what the peers import. */
    readonly python?: string;
  } = {},
): Said {
  const { path = [], cwd, env = {}, input } = options;
  const { status, stdout, stderr, error } = spawnSync(options.python ?? python, args, {
    encoding: 'utf8',
    ...(cwd !== undefined && { cwd }),
    ...(input !== undefined && { input }),
    maxBuffer: 64 * 1024 ** 2,
    env: {
      ...process.env,
      ...env,
      PYTHONPATH: path.join(':'),
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  return { status, stdout, stderr: error === undefined ? stderr : error.message };
}

/** For `skip` of a test: which Python modules are not here, or false. */
export function whyWithoutModules(...modules: readonly string[]): string | false {
  const missing = modules.filter((name) => runPython(['-c', `import ${name}`]).status !== 0);
  return missing.length === 0 ? false : `${python} has no ${missing.join(', ')}`;
}

/** The one that Debian's python3-... packages are for. */
export const debianPython = '/usr/bin/python3';

/** For `skip` of a test: which of Debian's packages is not installed, or false. */
export function whyWithoutPackage(name: string): string | false {
  return versionOf(name) === undefined ? `Debian's package ${name} is not installed` : false;
}

/** Version of an installed package of Debian. */
export function versionOf(name: string): string | undefined {
  const { status, stdout } = spawnSync(
    'dpkg-query',
    ['-W', '-f=${Version} ${db:Status-Abbrev}', name],
    {
      encoding: 'utf8',
    },
  );
  return status === 0 && stdout.includes(' ii') ? stdout.split(' ')[0] : undefined;
}
