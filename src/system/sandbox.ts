// SPDX-License-Identifier: MIT
import { readFileSync, statSync } from 'node:fs';
import { InfraError } from '../model/errors.js';
import { knownOf } from './known.js';
import { programPath } from './program.js';
import { run } from './processes.js';

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
  return knownOf(`sandbox ${surroundings()}`, [bwrap], async () => {
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
  const [, major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(stdout) ?? []).map(Number);
  const argv = [bwrap, ...unshared, ...systemBinds, '--proc', '/proc', '--dev', '/dev', 'true'];
  const anyCode = Array.from({ length: 256 }, (_, code) => code);
  const { exitCode, stderr } = await run(argv, { stage: 'sandbox', okCodes: anyCode });
  if (exitCode === 0) return { bwrap, sizes: major > 0 || minor >= 7 };
  return { why: `bubblewrap may not make one here (${stderr.trim()})`, wanted: false };
}
