// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bin = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' }).stdout?.trim() ?? '';

/** For `skip` of a test: why there is no PostgreSQL, or false. */
export const noPostgres = existsSync(join(bin, 'initdb')) ? false : 'no PostgreSQL (initdb)';

// It does not run as root; Debian's package brings a user.
const asUser =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
    : [];

function call(cwd: string, program: string, ...args: readonly string[]): void {
  const [first = '', ...rest] = [...asUser, join(bin, program), ...args];
  // pg_ctl's server keeps a pipe open.
  execFileSync(first, rest, { cwd, stdio: 'ignore' });
}

/** A PostgreSQL with an empty database, on a socket in a folder of its own, as environment variables of its clients. */
export function withPostgres(use: (env: Readonly<Record<string, string>>) => void): void {
  const dir = mkdtempSync(join(tmpdir(), 'busyguest-postgres-'));
  const data = join(dir, 'data');
  chmodSync(dir, 0o777);
  try {
    call(dir, 'initdb', '-D', data, '-A', 'trust', '-N', '-U', 'peer');
    const options = `-c listen_addresses= -c fsync=off -k ${data}`;
    call(dir, 'pg_ctl', '-D', data, '-o', options, '-l', join(data, 'log'), '-w', 'start');
    try {
      call(dir, 'createdb', '-h', data, '-U', 'peer', 'peer');
      use({ PGHOST: data, PGUSER: 'peer', PGDATABASE: 'peer' });
    } finally {
      call(dir, 'pg_ctl', '-D', data, '-m', 'immediate', 'stop');
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
