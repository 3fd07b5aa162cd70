// SPDX-License-Identifier: MIT
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AptSuite } from '../../system/apt.js';
import { use } from '../../system/cache.js';
import { cacheDir, digest, exists, makeFolderWhole } from '../../system/files.js';
import { knownDigest } from '../../system/known.js';
import { run } from '../../system/processes.js';
import { firstLineOf, programPath } from '../../system/program.js';
import { InfraError } from '../../model/errors.js';

const program = 'qemu-system-ppc64';
const packages = ['qemu-system-ppc', 'qemu-system-data', 'qemu-system-common'];
const fetchedDir = (): string => cacheDir('qemu');

/** A QEMU for POWER machines that is installed here. */
export interface QemuBinary {
  /** What to run: the program, and where its firmware is when it does not know. */
  readonly argv: readonly string[];
  readonly version: readonly [major: number, minor: number, micro: number];
  /** `QEMU emulator version ...`, as it says itself. */
  readonly versionText: string;
}

/** The QEMU to use: $BUSYGUEST_QEMU, else the newest of the system's and the fetched ones. */
export async function findQemu(): Promise<QemuBinary | undefined> {
  const asked = process.env['BUSYGUEST_QEMU'];
  if (asked) return probe([asked]);
  const fetched = await readdir(fetchedDir()).catch(() => []);
  const roots = fetched
    .filter((name) => !name.includes('.'))
    .map((name) => join(fetchedDir(), name));
  await Promise.all(roots.map((root) => use(root)));
  const found = await Promise.all([probe([program]), ...roots.map((root) => probe(argvIn(root)))]);
  return found
    .filter((binary): binary is QemuBinary => binary !== undefined)
    .sort((a, b) => compareVersions(b.version, a.version))[0];
}

const argvIn = (root: string): string[] => [
  join(root, 'usr/bin', program),
  '-L',
  join(root, 'usr/share/qemu'),
];

async function probe(argv: readonly string[]): Promise<QemuBinary | undefined> {
  const versionText = await firstLineOf([...argv, '--version']);
  const match = /version (\d+)\.(\d+)\.(\d+)/.exec(versionText ?? '');
  if (!match || versionText === undefined) return undefined;
  const [major = 0, minor = 0, micro = 0] = match.slice(1).map(Number);
  return { argv, version: [major, minor, micro], versionText };
}

/** Below 0 when `a` is older than `b`; parts that one of them lacks count as 0. */
export function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Identity of a QEMU and its firmware, for the reuse of results. */
export async function qemuDigest(binary: QemuBinary): Promise<string> {
  const path = await programPath(binary.argv[0] ?? '');
  const firmware = ['vof.bin', 'slof.bin', 'skiboot.lid'].flatMap((file) =>
    firmwareDirs(binary).map((dir) => join(dir, file)),
  );
  const there = await Promise.all(firmware.map((file) => exists(file)));
  const files = [path ?? '', ...firmware.filter((_, i) => there[i])];
  return digest(...(await Promise.all(files.map(knownDigest))));
}

function firmwareDirs(binary: QemuBinary): string[] {
  const own = binary.argv[2];
  return own === undefined
    ? ['/usr/share/qemu', '/usr/share/seabios', '/usr/share/qemu-kvm']
    : [own];
}

/**
 * Takes a newer QEMU from the distribution's backports into the cache; the system stays as it is.
 * Throws InfraError where there are no backports.
 */
export async function fetchQemu(
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<QemuBinary> {
  const suite = new AptSuite(await backports(), undefined, signal);
  const root = await suite.withNewLists(() => unpackQemu(suite, signal, say));
  const binary = await probe(argvIn(root));
  if (binary === undefined)
    throw new InfraError('fetch', `the QEMU in ${root} does not run`, await missingLibraries(root));
  return binary;
}

async function unpackQemu(
  suite: AptSuite,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<string> {
  const newest = await suite.show('qemu-system-ppc');
  if (newest === undefined) {
    throw new InfraError('fetch', `${suite.suite} has no qemu-system-ppc for this machine`);
  }
  const root = join(fetchedDir(), digest(suite.suite, newest.version).slice(0, 12));
  if (await exists(root)) return root;
  say(`fetching QEMU ${newest.version} from ${suite.suite}`);
  await makeFolderWhole(root, async (dir) => {
    for (const name of packages) {
      const pkg = await suite.show(name);
      if (pkg === undefined) throw new InfraError('fetch', `${suite.suite} has no ${name}`);
      const deb = await suite.download(pkg);
      await run(['dpkg-deb', '-x', deb, dir], { stage: 'fetch', signal });
      await suite.forget(deb);
    }
  });
  return root;
}

async function missingLibraries(root: string): Promise<string> {
  const { stdout } = await run(['ldd', join(root, 'usr/bin', program)], {
    stage: 'probe',
    okCodes: [0, 1],
  });
  const lacking = stdout
    .split('\n')
    .flatMap((line) => (line.includes('not found') ? [line.trim()] : []));
  return `install the system's own qemu-system-ppc: it brings the libraries (${lacking.join('; ')})`;
}

async function backports(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1];
  const codename = field('VERSION_CODENAME');
  if (field('ID') !== 'debian' || codename === undefined) {
    throw new InfraError(
      'fetch',
      'only Debian has backports that busyguest knows of',
      'install a newer qemu-system-ppc, or set BUSYGUEST_QEMU to one',
    );
  }
  return `${codename}-backports`;
}
