// SPDX-License-Identifier: MIT
import { basename } from 'node:path';
import { JobError } from '../model/errors.js';
import { exists } from '../system/files.js';
import { firstLine, run } from '../system/processes.js';

const endings = ['.sign', '.asc', '.sig'];

/** A signature file and whether it signs the tarball as it is, or unpacked as kernel.org does. */
interface SignatureFile {
  readonly path: string;
  readonly of: 'packed' | 'unpacked';
}

/** What is known of a tarball's signature. */
export interface SignatureCheck {
  /** `signature good: NAME`, `signature of an expired key: NAME`, `signature not checked: ...`, `no signature`. */
  readonly text: string;
  /** Asking again would give another answer once the user has the key. */
  readonly final: boolean;
}

/** The signature beside a tarball: `x.tar.xz.sign`, or `x.tar.sign` for what is in it. */
export async function findSignature(tarball: string): Promise<SignatureFile | undefined> {
  const unpacked = tarball.replace(/\.(?:xz|gz|zst)$/, '');
  for (const [stem, of] of [
    [tarball, 'packed'],
    [unpacked, 'unpacked'],
  ] as const) {
    for (const ending of endings) {
      if (await exists(stem + ending)) return { path: stem + ending, of };
    }
  }
  return undefined;
}

/** Checks a tarball by gpg with the user's keys. Throws JobError when it is not what was signed. */
export async function checkSignature(
  tarball: string,
  signal: AbortSignal,
): Promise<SignatureCheck> {
  const found = await findSignature(tarball);
  if (found === undefined) return { text: 'no signature', final: true };
  if ((await firstLine(['gpg', '--version'])) === undefined) {
    return { text: 'signature not checked: gpg is missing', final: false };
  }
  const verify = 'gpg --batch --no-tty --no-auto-key-retrieve --status-fd 1 --verify "$1"';
  const script =
    found.of === 'packed'
      ? `${verify} "$2"`
      : `set -o pipefail; ${unpacker(tarball)} | ${verify} -`;
  const { stdout, stderr } = await run(['bash', '-c', script, 'verify', found.path, tarball], {
    stage: 'fetch',
    signal,
    env: { LC_ALL: 'C' },
    okCodes: [0, 1, 2],
  });
  return judge(stdout, basename(found.path), tarball, stderr);
}

function unpacker(tarball: string): string {
  const program = tarball.endsWith('.gz') || tarball.endsWith('.tgz') ? 'gzip' : 'xz';
  return `${tarball.endsWith('.zst') ? 'zstd' : program} -dc -- "$2"`;
}

/** gpg's status lines (doc/DETAILS of GnuPG): only these are made for programs. */
function judge(status: string, file: string, tarball: string, stderr: string): SignatureCheck {
  const line = (word: string): string | undefined =>
    new RegExp(`^\\[GNUPG:\\] ${word} \\w+ ?(.*)$`, 'm').exec(status)?.[1];
  const good = line('GOODSIG');
  const expired = line('EXPKEYSIG') ?? line('EXPSIG');
  const bad = line('BADSIG') ?? line('REVKEYSIG');
  if (bad === undefined && line('VALIDSIG') !== undefined) {
    if (good !== undefined) return { text: `signature good: ${good}`, final: true };
    // Whoever has an expired key could sign anything now. A newer copy of the key may have a later end.
    if (expired !== undefined) {
      const what =
        line('EXPKEYSIG') === undefined ? 'expired signature' : 'signature of an expired key';
      return { text: `${what}, which proves nothing: ${expired}`, final: false };
    }
  }
  const key = /^\[GNUPG:\] NO_PUBKEY (\w+)/m.exec(status)?.[1];
  if (bad === undefined && key !== undefined) {
    return { text: `signature not checked: no key ${key}`, final: false };
  }
  const why = bad === undefined ? (stderr.trim().split('\n').at(-1) ?? '') : `signed by ${bad}`;
  throw new JobError([
    {
      message: `${tarball}: BAD signature in ${file}: ${why}`,
      hint: 'fetch both files again; do not use this one',
    },
  ]);
}
