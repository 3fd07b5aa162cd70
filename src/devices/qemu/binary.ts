// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture, QemuProgram } from '../../architectures/architecture.js';
import { usualArchitecture } from '../../architectures/architectures.js';
import { use } from '../../system/cache.js';
import { cacheDir, digest, exists } from '../../system/files.js';
import { cachedDigest } from '../../system/file-facts.js';
import { firstLineOf, programPath } from '../../system/program.js';

/** Where fetched ones are, a folder each. */
export const fetchedDir = (): string => cacheDir('qemu');

/** A QEMU for machines of an architecture that is installed here. */
export interface QemuBinary {
  /** What to run: the program, behind the loader of its own libraries, and where its firmware is. */
  readonly argv: readonly string[];
  /** The program itself, by name or path. */
  readonly program: string;
  /** The folders of its firmware; undefined: where the system has it. */
  readonly firmware?: readonly string[];
  readonly version: readonly [major: number, minor: number, micro: number];
  /** `QEMU emulator version ...`, as it says itself. */
  readonly versionText: string;
}

/** The QEMU to use: the one that the environment names, else the newest of the system's and the fetched ones. */
export async function findQemu({ qemu }: Architecture = usualArchitecture): Promise<
  QemuBinary | undefined
> {
  const { program, variable } = qemu;
  const asked = process.env[variable];
  if (asked) return probe({ argv: [asked], program: asked });
  const fetched = await readdir(fetchedDir()).catch(() => []);
  const roots = fetched
    .filter((name) => !name.includes('.'))
    .map((name) => join(fetchedDir(), name));
  await Promise.all(roots.map((root) => use(root)));
  const found = await Promise.all([
    probe({ argv: [program], program }),
    ...roots.map((root) => fetchedIn(root, qemu)),
  ]);
  return found
    .filter((binary): binary is QemuBinary => binary !== undefined)
    .sort((a, b) => compareVersions(b.version, a.version))[0];
}

type Program = Pick<QemuBinary, 'argv' | 'program' | 'firmware'>;

/** The QEMU that was unpacked to a folder; undefined where it does not run. */
export async function fetchedIn(
  root: string,
  { program, firmwareFolders }: QemuProgram,
): Promise<QemuBinary | undefined> {
  const path = join(root, 'usr/bin', program);
  const firmware = ['usr/share/qemu', ...firmwareFolders].map((folder) => join(root, folder));
  const folders = firmware.flatMap((folder) => ['-L', folder]);
  const loader = await loaderIn(join(root, 'usr/lib'));
  return probe({ argv: [...loader, path, ...folders], program: path, firmware });
}

/** How a program is started with the libraries that were unpacked beside it; empty where there are none. */
async function loaderIn(lib: string): Promise<string[]> {
  const folders = await readdir(lib, { withFileTypes: true }).catch(() => []);
  for (const folder of folders.filter((entry) => entry.isDirectory())) {
    const dir = join(lib, folder.name);
    // ld-linux-x86-64.so.2, ld-linux-aarch64.so.1, ld64.so.2
    const loader = (await readdir(dir)).find((name) =>
      /^ld(?:64|-linux[\w-]*)\.so\.\d$/.test(name),
    );
    if (loader !== undefined) return [join(dir, loader), '--library-path', `${dir}:${lib}`];
  }
  return [];
}

async function probe(found: Program): Promise<QemuBinary | undefined> {
  // Most folders have one of the programs; what is not there would be asked again each time.
  if ((await programPath(found.program)) === undefined) return undefined;
  const versionText = await firstLineOf([...found.argv, '--version']);
  const match = /version (\d+)\.(\d+)\.(\d+)/.exec(versionText ?? '');
  if (!match || versionText === undefined) return undefined;
  const [major = 0, minor = 0, micro = 0] = match.slice(1).map(Number);
  return { ...found, version: [major, minor, micro], versionText };
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
export async function qemuDigest(binary: QemuBinary, { qemu }: Architecture): Promise<string> {
  const path = await programPath(binary.program);
  const firmware = qemu.firmware.flatMap((file) =>
    firmwareDirs(binary).map((dir) => join(dir, file)),
  );
  const there = await Promise.all(firmware.map((file) => exists(file)));
  const files = [path ?? '', ...firmware.filter((_, i) => there[i])];
  return digest(...(await Promise.all(files.map(cachedDigest))));
}

function firmwareDirs({ firmware }: QemuBinary): string[] {
  return firmware === undefined
    ? ['/usr/share/qemu', '/usr/share/seabios', '/usr/share/qemu-kvm']
    : [...firmware];
}
