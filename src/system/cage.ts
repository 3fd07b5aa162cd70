// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { environmentFor, type Environment } from './environment.js';
import { dieWithParent, run } from './processes.js';
import { userHome } from './files.js';
import { programPath } from './program.js';
import { findSandbox, refused, systemBinds, unshared, type Sandbox } from './sandbox.js';

/**
 * What a program may see and do that runs a stranger's code or reads a stranger's files: no network, no secret, no
 * file but these and the system's programs, nothing to write but these, never as root (docs/security.md).
 */
export interface Cage {
  /** Files and folders that it reads. */
  readonly reads?: readonly string[];
  /** Folders that it writes to; what is in them counts as a stranger's afterwards. They must be there. */
  readonly writes?: readonly string[];
  /** Devices that it opens, as /dev/kvm. */
  readonly devices?: readonly string[];
  /** Programs that it starts, where they may not be the system's: the folder that one is installed in is read too. */
  readonly programs?: readonly string[];
  /** Address space of each process, bytes; default: as much as this computer has memory. */
  readonly memoryBytes?: number;
  /** It maps files that are larger than memory, as git does: only its own data count then. */
  readonly mapsFiles?: true;
  /** The largest file, bytes. */
  readonly fileBytes?: number;
  /** CPU time of each process, seconds; without it the deadline of the whole counts. */
  readonly cpuSeconds?: number;
  /** It may run where no sandbox can be made: a program of the system that only reads, or what the user trusts. */
  readonly trusted?: boolean;
}

/** A program as it is started, and its environment. */
export interface CagedProgram {
  readonly argv: readonly string[];
  readonly env: Environment;
}

/** User and group that a program in the cage runs as. */
interface Identity {
  readonly uid: number;
  readonly gid: number;
}

const nobody: Identity = { uid: 65534, gid: 65534 };
/** Of one user at a time, in all cages; a build with a hundred compilers at once needs a tenth. */
const mostProcesses = 4096;
const mostFileBytes = 16 * 1024 ** 3;
const temporaryBytes = 1024 ** 3;

/**
 * The command line and the environment that start a program in a cage. Where there is no sandbox it has the
 * environment and the limits all the same, if it is trusted or the user wants none; else this throws InfraError.
 * @param cwd a folder that the cage reads or writes
 */
export async function caged(
  argv: readonly string[],
  cage: Cage,
  env: Environment = {},
  cwd?: string,
): Promise<CagedProgram> {
  const [sandbox, reads] = await Promise.all([findSandbox(), readsOf(cage)]);
  const writes = (cage.writes ?? []).map((path) => resolve(path));
  const inside = [...limits(cage), ...argv];
  const home = { HOME: '/tmp', TMPDIR: '/tmp' };
  if (!('bwrap' in sandbox)) {
    if (!sandbox.wanted && !cage.trusted) throw refused(argv[0] ?? '', sandbox);
    // Another user could not even go to most of the files: here they lie where they are.
    return {
      argv: [...dieWithParent, ...inside],
      env: environmentFor('cage', { ...home, ...env }),
    };
  }
  const as = await identityFor(reads, cage.devices ?? []);
  if (as !== undefined) for (const dir of writes) await handOver(dir, as);
  const drop = as === undefined ? [] : ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID'];
  const own = as?.uid === 0 ? userNamespace : drop;
  return {
    argv: [
      ...[sandbox.bwrap, ...unshared, ...own, ...fileSystem(sandbox, reads, writes, cage)],
      ...['--chdir', cwd === undefined ? '/' : resolve(cwd), '--'],
      ...(as === undefined || as.uid === 0 ? [] : dropTo(as)),
      ...inside,
    ],
    env: environmentFor('cage', { ...home, ...env }),
  };
}

/** Root without its powers, and only in what the cage shows: for files that root has and nobody else may read. */
const userNamespace = ['--unshare-user', '--uid', String(nobody.uid), '--gid', String(nobody.gid)];

const dropTo = ({ uid, gid }: Identity): string[] => [
  ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--inh-caps=-all'],
  ...['--no-new-privs', '--'],
];

/** Where memory runs out, the kernel ends this, and nothing else of the user's. */
const firstToGo = [
  ...['sh', '-c', 'echo 1000 2> /dev/null > /proc/self/oom_score_adj; exec "$@"', 'cage'],
];

function limits(cage: Cage): string[] {
  const { memoryBytes = totalmem(), fileBytes = mostFileBytes, mapsFiles, cpuSeconds } = cage;
  return [
    ...firstToGo,
    ...['prlimit', `--nproc=${mostProcesses}`, `--${mapsFiles ? 'data' : 'as'}=${memoryBytes}`],
    ...[`--fsize=${fileBytes}`, '--core=0'],
    ...(cpuSeconds === undefined ? [] : [`--cpu=${cpuSeconds}`]),
    '--',
  ];
}

function fileSystem(
  { sizes }: Sandbox,
  reads: readonly string[],
  writes: readonly string[],
  { devices = [] }: Cage,
): string[] {
  const binds = [
    ...reads.map((path) => ({ flag: '--ro-bind', path })),
    ...writes.map((path) => ({ flag: '--bind', path })),
    ...devices.map((path) => ({ flag: '--dev-bind', path })),
  ];
  // What lies within another comes after it.
  binds.sort((a, b) => a.path.length - b.path.length);
  // bubblewrap would make them for itself alone.
  const parents = [...new Set(binds.flatMap(({ path }) => parentsOf(path)))];
  return [
    ...['--perms', '0755', '--dir', '/etc'],
    ...systemBinds,
    ...['--proc', '/proc', '--dev', '/dev'],
    ...(sizes ? ['--size', String(temporaryBytes)] : []),
    ...['--perms', '1777', '--tmpfs', '/tmp'],
    ...parents.flatMap((path) => ['--perms', '0755', '--dir', path]),
    ...binds.flatMap(({ flag, path }) => [flag, path, path]),
    // They are memory without a limit.
    ...['--remount-ro', '/', '--remount-ro', '/dev'],
  ];
}

/** The folders on the way to a path, the highest first. */
function parentsOf(path: string): string[] {
  const dir = dirname(path);
  return dir === '/' ? [] : [...parentsOf(dir), dir];
}

async function readsOf({ reads = [], programs = [] }: Cage): Promise<string[]> {
  const asked = (process.env['BUSYGUEST_SANDBOX_READ'] ?? '')
    .split(':')
    .filter((path) => path !== '');
  const roots = await Promise.all(programs.map(rootOf));
  const all = [...reads, ...asked, ...roots.flatMap((root) => root ?? [])];
  return [...new Set(all.map((path) => resolve(path)))];
}

const ofSystem = /^\/(?:usr|bin|sbin|lib\w*|nix\/store|gnu\/store)\//;

/** The folder that a program is installed in, with its libraries; undefined for the system's. */
async function rootOf(program: string): Promise<string | undefined> {
  const path = await programPath(program);
  if (path === undefined || ofSystem.test(resolve(path))) return undefined;
  const dir = dirname(resolve(path));
  const prefix = join(dir, '..');
  const isPrefix = /\/s?bin$/.test(dir) && prefix !== '/' && prefix !== userHome();
  return isPrefix ? prefix : dir;
}

/**
 * Who a program in the cage is, when we are root: nobody where everybody may read the files, else their owner.
 * Undefined: who we are, which is not root.
 */
async function identityFor(
  reads: readonly string[],
  devices: readonly string[],
): Promise<Identity | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const states = await Promise.all(reads.map((path) => stat(path)));
  const others = (state: { mode: number; isDirectory(): boolean }): boolean =>
    (state.mode & (state.isDirectory() ? 0o005 : 0o004)) === (state.isDirectory() ? 0o005 : 0o004);
  const closed = states.filter((state) => !others(state));
  const [device] = await Promise.all(devices.map((path) => stat(path)));
  const group = device?.gid ?? nobody.gid;
  const [first] = closed;
  if (first === undefined) return { ...nobody, gid: group };
  const oneOwner = closed.every(({ uid }) => uid === first.uid);
  return oneOwner ? { uid: first.uid, gid: group } : { uid: 0, gid: 0 };
}

/** Gives a folder to the user of the cage; once, for what is in it stays that user's. */
async function handOver(dir: string, { uid, gid }: Identity): Promise<void> {
  if ((await stat(dir)).uid === uid) return;
  await run(['chown', '-R', '--no-dereference', `${uid}:${gid}`, dir], { stage: 'sandbox' });
}
