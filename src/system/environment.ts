// SPDX-License-Identifier: MIT

/** A program's environment. */
export type Environment = Readonly<Record<string, string>>;

/**
 * Which part of our environment a program gets. Each is an allow list, and none has tokens or passwords. `cage`: for what
 * strangers wrote. `tools`: for programs of the system that work for us. `network`: for those of them that fetch
 * something, with proxies, certificates and keys. `user`: everything, for commands that the user wrote down.
 */
export type Passing = 'cage' | 'tools' | 'network' | 'user';

const cageNames = ['PATH', 'LANG', 'LANGUAGE', 'TZ'];
const toolNames = [
  ...cageNames,
  ...[
    'HOME',
    'USER',
    'LOGNAME',
    'TMPDIR',
    'TERM',
    'GNUPGHOME',
    'DEBIAN_FRONTEND',
    'LD_LIBRARY_PATH',
  ],
  ...['XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR'],
];
const networkNames = [
  ...toolNames,
  ...['http_proxy', 'https_proxy', 'ftp_proxy', 'all_proxy', 'no_proxy'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'ALL_PROXY', 'NO_PROXY'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'GIT_SSL_CAINFO', 'GIT_SSL_CAPATH', 'SSH_AUTH_SOCK'],
  'RSYNC_RSH',
  ...['APT_CONFIG', 'KRB5CCNAME', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_SYSTEM'],
];
const names = { cage: cageNames, tools: toolNames, network: networkNames } as const;
const locale = /^LC_[A-Z]+$/;

/** The environment of a program: the allowed part of ours, and `more`. */
export function environmentFor(passing: Passing, more: Environment = {}): Environment {
  const all = Object.entries(process.env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  if (passing === 'user') return { ...Object.fromEntries(all), ...more };
  const asked = (process.env['BUSYGUEST_SANDBOX_ENV'] ?? '').split(/[\s,]+/);
  const allowed = new Set([...names[passing], ...asked]);
  const passed = all.filter(([name]) => allowed.has(name) || locale.test(name));
  const path = { PATH: programFolders().join(':') };
  return { ...Object.fromEntries(passed), ...path, ...more };
}

/**
 * The folders in which programs are looked for. Relative ones are left out. So are empty ones, as in `:/usr/bin`: they mean
 * the current folder, which may be a stranger's tree.
 */
export function programFolders(): readonly string[] {
  const folders = (process.env['PATH'] ?? '').split(':').filter((one) => one.startsWith('/'));
  return folders.length > 0 ? folders : ['/usr/bin', '/bin'];
}
