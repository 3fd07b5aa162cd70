// SPDX-License-Identifier: MIT
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../model/errors.js';
import { userHome } from './files.js';

/** Where a password is. Never the password itself. */
export interface SecretPlace {
  readonly file?: string | undefined;
  readonly variable?: string | undefined;
}

const othersMay = 0o077;

/**
 * Reads a password from the environment, or the first line of a file that only its owner may read.
 * Throws InfraError, which says what to do and never what was read.
 */
export async function readSecret({ file, variable }: SecretPlace): Promise<string> {
  if (variable !== undefined) {
    const value = process.env[variable];
    if (value) return value;
    throw new InfraError('password', `${variable} is not set`, `export ${variable}`);
  }
  const path = (file ?? '').replace(/^~\//, `${userHome()}/`);
  const handle = await open(path).catch((error: unknown) => {
    throw new InfraError('password', (error as Error).message, 'see docs/devices.md');
  });
  try {
    // Of the file that was opened, not of one that may have taken its name since.
    const { mode, uid } = await handle.stat();
    if ((mode & othersMay) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0');
      throw new InfraError('password', `${path} has mode ${shown}`, `chmod 600 ${path}`);
    }
    if (uid !== process.getuid?.() && process.getuid?.() !== 0) {
      throw new InfraError(
        'password',
        `${path} belongs to somebody else`,
        'use a file of your own',
      );
    }
    const [line = ''] = (await handle.readFile('utf8')).split(/\r?\n/);
    if (line === '')
      throw new InfraError('password', `${path} is empty`, 'write the password in it');
    return line;
  } finally {
    await handle.close();
  }
}

/** The user's folder of configuration: $XDG_CONFIG_HOME or ~/.config. */
export const configDir = (...parts: string[]): string =>
  join(process.env['XDG_CONFIG_HOME'] || join(userHome(), '.config'), 'busyguest', ...parts);
