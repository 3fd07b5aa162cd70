// SPDX-License-Identifier: MIT
import { readFileSync, statSync } from 'node:fs';
import { InfraError } from '../model/errors.js';
import { fileFacts } from './file-facts.js';
import { programPath } from './program.js';
import { run } from './processes.js';
import { systemCallFilter } from './system-calls.js';

/** The program that makes sandboxes here, and what it can do. */
export interface Sandbox {
  /** Path of bubblewrap. */
  readonly bwrap: string;
  /** It can limit a file system in memory (from 0.7 on). */
  readonly sizes: boolean;
}

/** Why there is no sandbox. */
export interface NoSandbox {
  readonly why: string;
  /** The user said so: BUSYGUEST_SANDBOX=off. */
  readonly wanted: boolean;
}

/** The error where a stranger's code would run without a sandbox. */
export const refused = (what: string, { why }: NoSandbox): InfraError =>
  new InfraError(
    'sandbox',
    `${what} would run what strangers wrote, and there is no sandbox: ${why}`,
    'mend that (docs/security.md); where you trust it, or a container holds it: BUSYGUEST_SANDBOX=off',
  );

/** What every sandbox here unshares: processes, network, IPC, host name, and the rest of the file system. */
export const unshared: readonly string[] = [
  ...['--die-with-parent', '--unshare-pid', '--unshare-net', '--unshare-ipc', '--unshare-uts'],
  ...['--unshare-cgroup-try', '--hostname', 'busyguest'],
];

/** Programs and libraries of the system, and the few files of /etc that they read. */
export const systemBinds: readonly string[] = [
  ...['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store', '/gnu/store'],
  ...['/etc/alternatives', '/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d'],
  ...['/etc/localtime', '/etc/ssl/openssl.cnf', '/etc/pki/tls/openssl.cnf', '/etc/crypto-policies'],
].flatMap((path) => ['--ro-bind-try', path, path]);

/** bubblewrap's flags for the filter that the entrance has opened. */
export const filterFlags = (): string[] => (systemCallFilter() ? ['--seccomp', '8'] : []);

/** How root becomes a user without powers in the cage. */
export interface Leaving {
  readonly uid: number;
  readonly gid: number;
  /** It reads what not everybody may read of what it is shown. */
  readonly readsAll?: boolean;
}

/** What is opened before the cage is. */
export interface Entrance {
  /** The filter of system calls, if there is one for this processor: descriptor 8. */
  readonly filtered?: boolean;
  /** A user namespace in which all users are who they are: descriptor 9. */
  readonly userNamespace?: boolean;
}

const cannot = 'echo "bwrap: no user namespace can be made" >&2; exit 1;';
const entranceScript = [
  // Where memory runs out, the kernel ends this, and nothing else of the user's.
  'echo 1000 2> /dev/null > /proc/self/oom_score_adj',
  // What we were started with may be a folder of ours, or a file with secrets.
  'for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || exec {fd}>&-; done',
  'filter=$1; shift; [ -z "$filter" ] || { exec 8< <(printf %b "$filter"); wait $!; }',
  'spaces=$1; shift; if [ -n "$spaces" ]; then',
  '  unshare --user sleep 60 & other=$!',
  '  while [ "$(readlink /proc/$other/ns/user)" = "$(readlink /proc/$$/ns/user)" ]; do :; done',
  '  for map in uid_map gid_map; do',
  '    same=$(while read -r first _ count; do echo "$first $first $count"; done < /proc/$$/$map)',
  `    { echo "$same" > /proc/$other/$map; } 2> /dev/null || { ${cannot} }`,
  '  done',
  '  exec 9< /proc/$other/ns/user; kill $other; wait $other 2> /dev/null',
  'fi',
  'exec "$@"',
].join('\n');

/** Goes before the command line of a cage; what it opens has fixed numbers. */
export const entrance = ({ filtered = false, userNamespace = false }: Entrance): string[] => {
  const filter = filtered ? (systemCallFilter() ?? []) : [];
  const escaped = [...filter].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  return ['bash', '-c', entranceScript, 'cage', escaped, userNamespace ? 'yes' : ''];
};

/**
 * bubblewrap's flags, and the program in its cage, with which root becomes a user without powers. That one is never
 * root outside, who may change settings of the kernel without any power, as their owner. What not everybody may read
 * it reads by the one power to do that, which counts only in its user namespace.
 */
export function leaveRoot(leaving: Leaving | undefined): {
  readonly before: Entrance;
  readonly flags: readonly string[];
  readonly program: readonly string[];
} {
  if (leaving === undefined) return { before: {}, flags: [], program: [] };
  const { uid, gid, readsAll = false } = leaving;
  const powers = ['SETUID', 'SETGID', ...(readsAll ? ['SETPCAP', 'DAC_READ_SEARCH'] : [])];
  const kept = readsAll ? '-all,+dac_read_search' : '-all';
  return {
    before: { userNamespace: readsAll },
    flags: [
      ...(readsAll ? ['--userns', '9'] : []),
      ...powers.flatMap((power) => ['--cap-add', `CAP_${power}`]),
    ],
    program: [
      ...['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', `--inh-caps=${kept}`],
      // access(2), which git asks, counts a power of a user that is not root by this bit alone.
      ...(readsAll ? [`--ambient-caps=${kept}`, '--securebits=+no_setuid_fixup'] : []),
      ...['--no-new-privs', '--'],
      ...(readsAll ? ['sh', '-c', 'exec "$@" 9<&-', 'cage'] : []),
    ],
  };
}

let found: Promise<Sandbox | NoSandbox> | undefined;

/** Looks for a sandbox, once; a process that may not make one here will not be able to later. */
export function findSandbox(): Promise<Sandbox | NoSandbox> {
  return (found ??= look());
}

async function look(): Promise<Sandbox | NoSandbox> {
  const asked = process.env['BUSYGUEST_SANDBOX'] ?? '';
  if (asked === 'off') return { why: 'BUSYGUEST_SANDBOX=off', wanted: true };
  if (asked !== '' && asked !== 'on') {
    throw new InfraError('sandbox', `BUSYGUEST_SANDBOX is ${asked}`, 'it can be "on" or "off"');
  }
  const bwrap = await programPath('bwrap');
  if (bwrap === undefined) {
    return { why: 'bubblewrap is missing (busyguest doctor names the package)', wanted: false };
  }
  return fileFacts(`sandbox ${surroundings()} ${filterFlags().join(' ')}`, [bwrap], async () => {
    const value = await tryOut(bwrap);
    return { value, stays: 'bwrap' in value };
  });
}

/** What decides whether a sandbox can be made, besides its program: who we are, in which container, since which boot. */
function surroundings(): string {
  const read = (path: string): string => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return '';
    }
  };
  const status = read('/proc/self/status').match(/^(?:Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):.*$/gm);
  const spaces = ['user', 'pid', 'mnt'].map(
    (name) => statSync(`/proc/self/ns/${name}`, { throwIfNoEntry: false })?.ino ?? 0,
  );
  return [...(status ?? []), ...spaces, read('/proc/sys/kernel/random/boot_id')].join('\n');
}

async function tryOut(bwrap: string): Promise<Sandbox | NoSandbox> {
  const { stdout } = await run([bwrap, '--version'], { stage: 'sandbox' });
  const [, major = 0, minor = 0] = (/(?<!\d)(\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
  const isRoot = process.getuid?.() === 0;
  const { flags, program } = leaveRoot(isRoot ? { uid: 65534, gid: 65534 } : undefined);
  const argv = [
    ...[...entrance({ filtered: true }), bwrap, ...unshared, ...filterFlags(), ...flags],
    ...[...systemBinds, '--proc', '/proc', '--dev', '/dev', '--', ...program, 'true'],
  ];
  const anyCode = Array.from({ length: 256 }, (_, code) => code);
  const { exitCode, stderr } = await run(argv, { stage: 'sandbox', okCodes: anyCode });
  if (exitCode === 0) return { bwrap, sizes: major > 0 || minor >= 7 };
  return { why: `bubblewrap may not make one here (${stderr.trim()})`, wanted: false };
}
