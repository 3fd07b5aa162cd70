// SPDX-License-Identifier: MIT
import { arch } from 'node:os';
import type { Architecture } from '../architectures/architecture.js';
import { exists } from './files.js';
import { firstLine } from './processes.js';

/** Package managers that doctor can name packages for. */
export type PackageManager = 'apt' | 'dnf' | 'zypper';

/** A program or library that busyguest needs from the system. */
export interface Tool {
  readonly name: string;
  /** What it is for, a few words. */
  readonly why: string;
  /** Prints its version on the first line; or, for a library, a file that shows that it is there. */
  readonly check: { readonly argv: readonly string[] } | { readonly file: readonly string[] };
  readonly packages: Readonly<Record<PackageManager, string>>;
  /** Debian's relatives lack the package. */
  readonly debianOnly?: true;
  /** Works without it, but slower or with less. */
  readonly optional?: true;
}

const same = (name: string): Record<PackageManager, string> => ({
  apt: name,
  dnf: name,
  zypper: name,
});

/** The C compiler of an architecture, and a C library for programs that are linked statically. */
function crossTools({ node, triplet, word, title, debian, uname }: Architecture): Tool[] {
  if (arch() === node) return [];
  return [
    {
      name: `${triplet}-gcc`,
      why: `compiles the kernel and the test program for ${title}`,
      check: { argv: [`${triplet}-gcc`, '--version'] },
      packages: {
        apt: `gcc-${triplet.replaceAll('_', '-')}`,
        dnf: `gcc-${triplet}`,
        zypper: `cross-${uname}-gcc13`,
      },
    },
    {
      name: `C library for ${word}`,
      why: 'the test program is linked statically',
      check: {
        file: [`/usr/${triplet}/lib/libc.a`, `/usr/${triplet}/sys-root/usr/lib64/libc.a`],
      },
      packages: {
        apt: `libc6-dev-${debian}-cross`,
        dnf: `sysroot-${uname}-fc41-glibc`,
        zypper: `cross-${uname}-glibc-devel-static`,
      },
    },
  ];
}

/** Everything that jobs of an architecture need beyond Node.js. */
export const toolsFor = (architecture: Architecture): readonly Tool[] => [
  {
    name: architecture.qemu.program,
    why: `emulates the machines of ${architecture.title}`,
    check: { argv: [architecture.qemu.program, '--version'] },
    packages: architecture.qemu.packages,
  },
  ...crossTools(architecture),
  ...sharedTools,
];

/** What jobs of every architecture need. */
const sharedTools: readonly Tool[] = [
  {
    name: 'gcc',
    why: "compiles the kernel build's own tools",
    check: { argv: ['gcc', '--version'] },
    packages: same('gcc'),
  },
  {
    name: 'C library headers',
    why: "the kernel build's own tools",
    check: { file: ['/usr/include/stdlib.h'] },
    packages: { apt: 'libc6-dev', dnf: 'glibc-devel', zypper: 'glibc-devel' },
  },
  {
    name: 'make',
    why: 'kernel build',
    check: { argv: ['make', '--version'] },
    packages: same('make'),
  },
  {
    name: 'flex',
    why: 'kernel configuration',
    check: { argv: ['flex', '--version'] },
    packages: same('flex'),
  },
  {
    name: 'bison',
    why: 'kernel configuration',
    check: { argv: ['bison', '--version'] },
    packages: same('bison'),
  },
  { name: 'bc', why: 'kernel build', check: { argv: ['bc', '--version'] }, packages: same('bc') },
  {
    name: 'perl',
    why: 'kernel build',
    check: { argv: ['perl', '-e', 'print $^V'] },
    packages: same('perl'),
  },
  {
    name: 'libelf headers',
    why: 'kernel build (objtool)',
    check: { file: ['/usr/include/libelf.h'] },
    packages: { apt: 'libelf-dev', dnf: 'elfutils-libelf-devel', zypper: 'libelf-devel' },
  },
  {
    name: 'OpenSSL headers',
    why: 'kernel build (certificates of some configs)',
    check: { file: ['/usr/include/openssl/ssl.h'] },
    packages: { apt: 'libssl-dev', dnf: 'openssl-devel', zypper: 'libopenssl-devel' },
  },
  {
    name: 'rsync',
    why: 'installs the selftests of kernel trees (docs/kselftest.md)',
    check: { argv: ['rsync', '--version'] },
    packages: same('rsync'),
    optional: true,
  },
  {
    name: 'b4',
    why: 'fetches a series by its Message-ID (check --series)',
    check: { argv: ['b4', '--version'] },
    packages: same('b4'),
    optional: true,
  },
  {
    name: 'git',
    why: 'kernel trees in git; applies patches',
    check: { argv: ['git', '--version'] },
    packages: same('git'),
  },
  {
    name: 'xz',
    why: 'unpacks kernel sources',
    check: { argv: ['xz', '--version'] },
    packages: { apt: 'xz-utils', dnf: 'xz', zypper: 'xz' },
  },
  {
    name: 'zstd',
    why: 'unpacks .tar.zst kernel sources',
    check: { argv: ['zstd', '--version'] },
    packages: same('zstd'),
    optional: true,
  },
  {
    name: 'gpg',
    why: 'checks the signatures of kernel tarballs',
    check: { argv: ['gpg', '--version'] },
    packages: { apt: 'gpg', dnf: 'gnupg2', zypper: 'gpg2' },
    optional: true,
  },
  {
    name: 'setpriv',
    why: 'ends QEMU when busyguest is killed',
    check: { argv: ['setpriv', '--version'] },
    packages: same('util-linux'),
  },
  {
    name: 'bubblewrap',
    why: 'the cage of builds, git and QEMU (docs/security.md)',
    check: { argv: ['bwrap', '--version'] },
    packages: same('bubblewrap'),
  },
  {
    name: "Debian's archive keys",
    why: "verifies Debian's kernel sources",
    check: { file: ['/usr/share/keyrings/debian-archive-keyring.gpg'] },
    packages: { apt: 'debian-archive-keyring', dnf: 'debian-keyring', zypper: 'debian-keyring' },
  },
];

/** What the tests need beyond that. */
export const testTools: readonly Tool[] = [
  {
    name: 'zsh',
    why: 'the tests complete commands in it',
    check: { argv: ['zsh', '--version'] },
    packages: same('zsh'),
    optional: true,
  },
  {
    name: 'fish',
    why: 'the tests complete commands in it',
    check: { argv: ['fish', '--version'] },
    packages: same('fish'),
    optional: true,
  },
  {
    name: 'mandoc',
    why: 'the tests check the manual',
    check: { file: ['/usr/bin/mandoc'] },
    packages: same('mandoc'),
    optional: true,
  },
  {
    name: 'chromium',
    why: 'the tests look at the reports in a browser',
    check: { argv: ['/usr/bin/chromium', '--version'] },
    packages: same('chromium'),
    // Ubuntu has it as a snap, which sees neither the tests' folders nor a container.
    debianOnly: true,
    optional: true,
  },
  {
    name: 'patch',
    why: 'the tests apply patches with a second program',
    check: { argv: ['patch', '--version'] },
    packages: same('patch'),
  },
  {
    name: 'mmdebstrap',
    why: 'the tests bring up a LAVA server in a folder',
    check: { argv: ['mmdebstrap', '--version'] },
    packages: same('mmdebstrap'),
    debianOnly: true,
    optional: true,
  },
  {
    name: 'clang',
    why: 'the tests compile the C programs with a second compiler',
    check: { argv: ['clang', '--version'] },
    packages: same('clang'),
    optional: true,
  },
  {
    name: 'rpmbuild',
    why: 'the tests make packages of a kernel as Fedora and others do',
    check: { argv: ['rpmbuild', '--version'] },
    packages: { apt: 'rpm', dnf: 'rpm-build', zypper: 'rpm-build' },
    optional: true,
  },
  {
    name: 'ipmitool',
    why: 'the tests switch an emulated machine (npm run test:bare-metal)',
    check: { argv: ['ipmitool', '-V'] },
    packages: same('ipmitool'),
    optional: true,
  },
  {
    name: 'ipmi_sim',
    why: 'the BMC of that machine',
    check: { file: ['/usr/bin/ipmi_sim'] },
    packages: { apt: 'openipmi', dnf: 'OpenIPMI-lanserv', zypper: 'OpenIPMI' },
    optional: true,
  },
  {
    name: 'ssh',
    why: 'the tests log in to an emulated host',
    check: { argv: ['ssh', '-V'] },
    packages: { apt: 'openssh-client', dnf: 'openssh-clients', zypper: 'openssh-clients' },
    optional: true,
  },
];

/** A tool and what was found of it; undefined: it is missing. */
export interface Finding {
  readonly tool: Tool;
  readonly version: string | undefined;
}

/** Looks for every tool of a list. */
export function findTools(wanted: readonly Tool[]): Promise<Finding[]> {
  return Promise.all(wanted.map(async (tool) => ({ tool, version: await versionOf(tool) })));
}

async function versionOf({ check }: Tool): Promise<string | undefined> {
  if ('argv' in check) return firstLine(check.argv);
  for (const file of check.file) if (await exists(file)) return file;
  return undefined;
}

/** The package manager of this system, or undefined when it is none that we know. */
export async function packageManager(): Promise<PackageManager | undefined> {
  for (const [manager, program] of [
    ['apt', '/usr/bin/apt-get'],
    ['dnf', '/usr/bin/dnf'],
    ['zypper', '/usr/bin/zypper'],
  ] as const) {
    if (await exists(program)) return manager;
  }
  return undefined;
}

/** The command that installs packages, without sudo. */
export function installArgv(manager: PackageManager, packages: readonly string[]): string[] {
  const verbs: Record<PackageManager, string[]> = {
    apt: ['apt-get', 'install', '-y', '--no-install-recommends'],
    dnf: ['dnf', 'install', '-y'],
    zypper: ['zypper', '--non-interactive', 'install'],
  };
  return [...verbs[manager], ...packages];
}
