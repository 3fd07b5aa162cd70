// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture, QemuProgram } from '../../architectures/architecture.js';
import { usualArchitecture } from '../../architectures/architectures.js';
import { AptSuite, NotInArchiveError, type AptPackage } from '../../system/apt.js';
import { digest, exists, makeFolderWhole } from '../../system/files.js';
import { megabytes } from '../../system/growth.js';
import { withLibraries } from '../../system/library-packages.js';
import { run } from '../../system/processes.js';
import { InfraError } from '../../model/errors.js';
import { compareVersions, fetchedDir, fetchedIn, type QemuBinary } from './binary.js';

/** Firmware that machines of any architecture load. */
const firmware = ['qemu-system-data', 'qemu-system-common'];

/** A QEMU that Debian has, and whether its libraries are those of this system. */
interface Offer {
  readonly suite: AptSuite;
  readonly own: boolean;
  /** As upstream counts: [11, 1, 3]. */
  readonly version: readonly number[];
}

/**
 * Takes the newest QEMU that Debian has into the cache: of this release's backports, or of sid with all its libraries
 * (of testing where sid's files are not there yet). The system stays as it is.
 * @param enough a version that will do: then the first of these suites that has it is taken
 * @param architecture the one that it emulates. Throws InfraError.
 */
export async function fetchQemu(
  signal: AbortSignal,
  say: (text: string) => void,
  enough?: readonly number[],
  { qemu }: Architecture = usualArchitecture,
): Promise<QemuBinary> {
  const offers = await offersOf(qemu, signal, enough);
  let last: unknown = new InfraError(
    'fetch',
    `Debian has no ${qemu.packages.apt} for this machine`,
  );
  for (const { suite, own } of offers) {
    try {
      return await suite.withNewLists(() => unpackQemu(qemu, suite, own, signal, say));
    } catch (error) {
      if (!(error instanceof NotInArchiveError)) throw error;
      last = error;
    }
  }
  throw last;
}

/** The best first. Lists of a suite are fetched when nothing before it is enough. */
async function offersOf(
  { packages }: QemuProgram,
  signal: AbortSignal,
  enough?: readonly number[],
): Promise<Offer[]> {
  const backports = await backportsName();
  const suites = [
    ...(backports === undefined ? [] : [{ name: backports, own: true }]),
    { name: 'sid', own: false },
    { name: 'testing', own: false },
  ];
  const offers: Offer[] = [];
  for (const { name, own } of suites) {
    const suite = new AptSuite(name, undefined, signal);
    const found = await suite.show(packages.apt);
    if (found === undefined) continue;
    const version = upstream(found);
    offers.push({ suite, own, version });
    if (enough && compareVersions(version, enough) >= 0) return offers.reverse();
  }
  // Sorting keeps the order of equals: the system's own libraries are better than others.
  return offers.sort((a, b) => compareVersions(b.version, a.version));
}

/** `1:11.1.3+ds-1` is 11.1.3. */
const upstream = ({ version }: AptPackage): number[] =>
  (/^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '').split('.').map(Number);

async function unpackQemu(
  qemu: QemuProgram,
  suite: AptSuite,
  own: boolean,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<QemuBinary> {
  const data = [...firmware, ...qemu.firmwarePackages];
  const all = await withLibraries(suite, qemu.packages.apt, data);
  const packages = own ? all.slice(0, 1 + data.length) : all;
  const key = packages.map(({ name, version }) => `${name} ${version}`);
  const root = join(fetchedDir(), digest(suite.suite, ...key).slice(0, 12));
  if (!(await exists(root))) {
    const bytes = packages.reduce((sum, one) => sum + (one.bytes ?? 0), 0);
    say(`fetching QEMU ${packages[0]?.version} from ${suite.suite} (${megabytes(bytes)})`);
    await makeFolderWhole(root, async (dir) => {
      for (const pkg of packages) {
        const deb = await suite.download(pkg, () => undefined);
        await run(['dpkg-deb', '-x', deb, dir], { stage: 'fetch', signal });
        await suite.forget(deb);
      }
    });
  }
  const binary = await fetchedIn(root, qemu);
  if (binary !== undefined) return binary;
  throw new InfraError(
    'fetch',
    `the QEMU in ${root} does not run`,
    await missingLibraries(root, qemu),
  );
}

async function missingLibraries(root: string, { program, packages }: QemuProgram): Promise<string> {
  const { stdout } = await run(['ldd', join(root, 'usr/bin', program)], {
    stage: 'probe',
    okCodes: [0, 1],
  });
  const lacking = stdout
    .split('\n')
    .flatMap((line) => (line.includes('not found') ? [line.trim()] : []));
  return `install the system's own ${packages.apt}: it brings the libraries (${lacking.join('; ')})`;
}

/** Undefined where this is not a release of Debian: sid's with its libraries runs there too. */
async function backportsName(): Promise<string | undefined> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string): string | undefined =>
    new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1];
  const codename = field('VERSION_CODENAME');
  // testing and sid have no VERSION_ID, and no backports.
  if (field('ID') !== 'debian' || codename === undefined || field('VERSION_ID') === undefined)
    return undefined;
  return `${codename}-backports`;
}
