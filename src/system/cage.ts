// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { environmentFor, type Environment } from './environment.js';
import { dieWithParent, run } from './processes.js';
import { userHome } from './files.js';
import { programPath } from './program.js';
import {
  entrance,
  filterFlags,
  findSandbox,
  leaveRoot,
  refused,
  systemBinds,
  unshared,
  type Leaving,
  type Sandbox,
} from './sandbox.js';

/**
 * What a program may see and do if it runs a stranger's code or reads a stranger's files. It has no network and no
 * secrets, sees only these files and the system's programs, writes only to these folders, and is never root
 * (docs/security.md).
 */
export interface Cage {
  /** Files and folders that it reads. */
  readonly reads?: readonly string[];
  /** Folders that it writes to. They must exist; afterwards their content counts as a stranger's. */
  readonly writes?: readonly string[];
  /** Devices that it opens, such as /dev/kvm. */
  readonly devices?: readonly string[];
  /** Programs that it starts and that may be installed outside of the system's folders; it can read their folders. */
  readonly programs?: readonly string[];
  /** Address space of each process, bytes; default: the size of this computer's memory. */
  readonly memoryBytes?: number;
  /** It maps files that may be larger than memory, as git does; so only its own data are limited. */
  readonly mapsFiles?: true;
  /** The largest file, bytes. */
  readonly fileBytes?: number;
  /** CPU time of each process, seconds. Without it, only the deadline of the whole build or job applies. */
  readonly cpuSeconds?: number;
  /** It may run even if no sandbox can be made: it is a program of the system that only reads, or trusted by the user. */
  readonly trusted?: boolean;
}

/** A program as it is started, and its environment. */
export interface CagedProgram {
  readonly argv: readonly string[];
  readonly env: Environment;
}

const nobody = 65534;
/** Of one user, in all cages together. A build with a hundred compilers at once needs a tenth of it. */
const mostProcesses = 4096;
const mostFileBytes = 16 * 1024 ** 3;
const temporaryBytes = 1024 ** 3;

/**
 * The command line and the environment that start a program in a cage. If there is no sandbox, the program still gets
 * that environment and the limits, provided that it is trusted or the user wants no sandbox. Else throws InfraError.
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
    // Another user could not even reach most of the files, which are not bound anywhere here.
    return {
      argv: [...dieWithParent, ...entrance({}), ...inside],
      env: environmentFor('cage', { ...home, ...env }),
    };
  }
  const leaving = await leavingFor(reads, cage.devices ?? []);
  if (leaving) for (const dir of writes) await handOver(dir, leaving);
  const { bwrap } = sandbox;
  const { before, flags, program } = leaveRoot(leaving);
  return {
    argv: [
      ...[
        ...entrance({ filtered: true, ...before }),
        bwrap,
        ...unshared,
        ...filterFlags(),
        ...flags,
      ],
      ...fileSystem(sandbox, reads, writes, cage),
      ...['--chdir', cwd === undefined ? '/' : resolve(cwd), '--', ...program, ...inside],
    ],
    env: environmentFor('cage', { ...home, ...env }),
  };
}

function limits(cage: Cage): string[] {
  const { memoryBytes = totalmem(), fileBytes = mostFileBytes, mapsFiles, cpuSeconds } = cage;
  const memory = mapsFiles ? 'data' : 'as';
  return [
    ...['prlimit', limit('nproc', mostProcesses), limit(memory, memoryBytes)],
    ...[limit('fsize', fileBytes), '--core=0'],
    ...(cpuSeconds === undefined ? [] : [limit('cpu', cpuSeconds)]),
    '--',
  ];
}

/** What /proc calls the limits of prlimit. */
const limitNames = {
  nproc: 'Max processes',
  as: 'Max address space',
  data: 'Max data size',
  fsize: 'Max file size',
  cpu: 'Max cpu time',
} as const;

/** Only root may raise a limit that is lower already, as that of processes is where there is little memory. */
function limit(name: keyof typeof limitNames, most: number): string {
  ownLimits ??= readFileSync('/proc/self/limits', 'utf8');
  const line = ownLimits.split('\n').find((one) => one.startsWith(`${limitNames[name]} `)) ?? '';
  const [, hard = ''] = line.slice(limitNames[name].length).trim().split(/\s+/);
  return `--${name}=${/^\d+$/.test(hard) ? Math.min(most, Number(hard)) : most}`;
}

let ownLimits: string | undefined;

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
    // They are memory without a limit; and settings of the kernel, which ask for no more than an owner.
    ...['/', '/dev', '/proc'].flatMap((path) => ['--remount-ro', path]),
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

/** How root becomes nobody there; undefined: we are not root. */
async function leavingFor(
  reads: readonly string[],
  devices: readonly string[],
): Promise<Leaving | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const states = await Promise.all(reads.map((path) => stat(path)));
  const readsAll = states.some((state) => {
    const needed = state.isDirectory() ? 0o005 : 0o004;
    return (state.mode & needed) !== needed;
  });
  const [device] = await Promise.all(devices.map((path) => stat(path)));
  return { uid: nobody, gid: device?.gid ?? nobody, readsAll };
}

/** Gives a folder to the user of the cage; once, for what is in it stays that user's. */
async function handOver(dir: string, { uid, gid }: Leaving): Promise<void> {
  if ((await stat(dir)).uid === uid) return;
  await run(['chown', '-R', '--no-dereference', `${uid}:${gid}`, dir], { stage: 'sandbox' });
}
